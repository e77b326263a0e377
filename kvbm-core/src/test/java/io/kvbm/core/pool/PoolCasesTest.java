package io.kvbm.core.pool;

import static io.kvbm.core.pool.Pools.chain;
import static io.kvbm.core.pool.Pools.inactiveChain;
import static io.kvbm.core.pool.Pools.key;
import static io.kvbm.core.pool.Pools.keys;
import static io.kvbm.core.pool.Pools.matchLength;
import static io.kvbm.core.pool.Pools.register;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;
import io.kvbm.core.policy.EvictionPolicies;
import io.kvbm.core.policy.ForwardingPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Acceptance cases of other block managers, by their numbers. */
class PoolCasesTest {

  /** An lru that names only so many victims, whatever it has. */
  private static final class Forgetful implements EvictionPolicyProvider {
    private int victims;

    @Override
    public String name() {
      return "forgetful";
    }

    @Override
    public String description() {
      return "names fewer victims than there are";
    }

    @Override
    public EvictionPolicy create(int capacity) {
      return new Policy(EvictionPolicies.of("lru", List.of()).create(capacity));
    }

    private final class Policy extends ForwardingPolicy {

      private Policy(EvictionPolicy lru) {
        super(lru);
      }

      @Override
      public int victim() {
        return victims > 0 ? super.victim() : NONE;
      }

      @Override
      public void evicted(int slot) {
        victims--;
        super.evicted(slot);
      }
    }
  }

  /** There, the root leaves first: nothing of the prefix is left and two blocks are of no use. */
  @Test
  void unlike_case27_leavesLeaveFirstSoThatThePrefixIsStillOfUse() {
    BlockPool host = Pools.ofSize(4);
    List<BlockKey> keys = inactiveChain(host, 1, 2, 3, 4);
    BlockPool.closeAll(host.allocateBlocks(2));
    assertThat(matchLength(host, keys)).isEqualTo(2);
    assertThat(matchLength(host, keys.subList(2, 4))).isZero();
  }

  @Test
  void case48_whereThePolicyNamesTooFewTheAllocationFailsAndNothingChanged() {
    Forgetful policy = new Forgetful();
    BlockPool pool = Pools.ofSize(4, builder -> builder.evictionPolicy(policy));
    List<BlockKey> keys = keys(1, 2, 3, 4);
    for (BlockKey key : keys) {
      register(pool, key, null).close();
    }
    policy.victims = 2;
    PoolStatus before = pool.status();
    assertThatThrownBy(() -> pool.allocateBlocks(3)).isInstanceOf(CapacityException.class);
    assertThat(pool.status()).isEqualTo(before);
    assertThat(pool.statistics().rollbacks()).isEqualTo(1);
    assertThat(pool.statistics().evictions()).isZero();
    assertThat(keys).allMatch(pool::contains);
    policy.victims = 4;
    BlockPool.closeAll(pool.allocateBlocks(4));
    assertThat(pool.statistics().rollbacks()).as("a sound policy rolls nothing back").isEqualTo(1);
  }

  @Test
  void case48_aResetEmptiesThePoolAndClearsPresence() {
    BlockPool pool = Pools.ofSize(4);
    List<BlockKey> keys = inactiveChain(pool, 1, 2, 3);
    pool.reset();
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 0, 4));
    assertThat(keys).noneMatch(pool::contains);
    assertThat(matchLength(pool, keys)).isZero();
  }

  @Test
  void case49_aBlockOfNoFurtherUseIsEmptyAsSoonAsNobodyUsesIt() {
    BlockPool pool = Pools.ofSize(4);
    ImmutableBlock block = register(pool, key(1), null);
    ImmutableBlock second = block.share();
    pool.dropWhenUnused(block, true);
    block.close();
    assertThat(pool.contains(key(1))).as("somebody uses it").isTrue();
    second.close();
    assertThat(pool.contains(key(1))).isFalse();
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 0, 4));
  }

  @Test
  void case49_theLastOneToSayCounts() {
    BlockPool pool = Pools.ofSize(4);
    ImmutableBlock block = register(pool, key(1), null);
    pool.dropWhenUnused(block, true);
    pool.dropWhenUnused(block, false);
    block.close();
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 1, 3));
    ImmutableBlock again = pool.find(key(1)).orElseThrow();
    pool.dropWhenUnused(again, false);
    pool.dropWhenUnused(again, true);
    BlockPool.closeAll(List.of(again));
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 0, 4));
  }

  @Test
  void case49_itDoesNotHoldForTheNextContentOfTheSlot() {
    BlockPool pool = Pools.ofSize(1);
    ImmutableBlock block = register(pool, key(1), null);
    pool.dropWhenUnused(block, true);
    block.close();
    register(pool, key(1), null).close();
    assertThat(pool.contains(key(1))).isTrue();
    register(pool, key(2), null).close(); // evicts it
    assertThat(pool.contains(key(2))).isTrue();
  }

  @Test
  void case49_itIsGoneWithABlockThatWasEvicted() {
    BlockPool pool = Pools.ofSize(2);
    ImmutableBlock parent = register(pool, key(1), null);
    ImmutableBlock child = register(pool, key(2), key(1));
    pool.dropWhenUnused(parent, true);
    parent.close();
    child.close();
    assertThat(pool.status()).as("the child keeps its parent").isEqualTo(new PoolStatus(0, 2, 0));
    BlockPool.closeAll(pool.allocateBlocks(2)); // evicts both
    register(pool, key(3), null).close();
    register(pool, key(4), null).close();
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 2, 0));
  }

  @Test
  void case49_itSurvivesThatSomebodyTakesTheBlockAgain() {
    BlockPool pool = Pools.ofSize(4);
    ImmutableBlock parent = register(pool, key(1), null);
    ImmutableBlock child = register(pool, key(2), key(1));
    pool.dropWhenUnused(parent, true);
    parent.close();
    assertThat(pool.contains(key(1))).as("a prefix stays as long as it leads anywhere").isTrue();
    ImmutableBlock again = pool.find(key(1)).orElseThrow();
    child.close();
    pool.resetBlocks(keys(2));
    again.close();
    assertThat(pool.contains(key(1))).isFalse();
  }

  @Test
  void case49_onlyAnOpenBlockOfThePoolCanBeSpokenOf() {
    BlockPool pool = Pools.ofSize(4);
    BlockPool other = Pools.ofSize(4);
    ImmutableBlock block = chain(pool, keys(1)).getFirst();
    assertThatThrownBy(() -> other.dropWhenUnused(block, true)).isInstanceOf(CallerException.class);
    block.close();
    assertThatThrownBy(() -> pool.dropWhenUnused(block, true)).isInstanceOf(CallerException.class);
  }
}
