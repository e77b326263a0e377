package io.kvbm.core.races;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CapacityException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.BlockMetadata;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.BlockPoolBuilder;
import io.kvbm.core.registry.BlockRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Races in a pool, with one thread stopped in the middle. */
class PoolRacesTest {

  private static final int TIER = 1;

  /** In a last close: nobody uses the block any more, and the pool has not been told. */
  private final Pause returning = new Pause();

  /** In an allocation, under the pool's lock: the victim is chosen and still in the index. */
  private final Pause evicting = new Pause();

  private final AtomicInteger returns = new AtomicInteger();
  private final BlockRegistry registry = new BlockRegistry(16);

  private final class Watched implements BlockMetadata {
    @Override
    public void onReturned(long tick) {
      returns.incrementAndGet();
      returning.passBy();
    }

    @Override
    public BlockMetadata reset() {
      return this;
    }
  }

  private BlockPool pool(int blocks) {
    BlockPoolBuilder builder =
        BlockPool.builder()
            .logical(new LayoutConfig(blocks, 1, 1, 4, 8, DType.FP16, 1))
            .metadata(Watched::new)
            .evictionPolicy(new PausingPolicyProvider(evicting))
            .registry(registry, TIER);
    return builder.build();
  }

  private static BlockKey key(long n) {
    return BlockKey.derived(n);
  }

  private static ImmutableBlock register(BlockPool pool, long n) {
    return pool.allocateBlocks(1).getFirst().complete(key(n), null).register();
  }

  @Test
  void lookup_against_last_close() throws Exception {
    BlockPool pool = pool(2);
    ImmutableBlock block = register(pool, 1);
    returning.arm();
    Errand<Void> close = Errand.run(block::close);
    returning.awaitReached();

    ImmutableBlock found = pool.find(key(1)).orElseThrow();
    assertThat(found.key()).isEqualTo(key(1));
    assertThat(pool.tryAllocateBlocks(2)).as("one of the two is in use").isEmpty();

    returning.release();
    close.result();
    assertThat(pool.tryAllocateBlocks(2)).as("the close took nothing from the finder").isEmpty();
    found.close();
    assertThat(pool.availableBlocks()).isEqualTo(2);
    assertThat(pool.contains(key(1))).isTrue();
  }

  @Test
  void eviction_against_last_close() throws Exception {
    BlockPool pool = pool(1);
    ImmutableBlock block = register(pool, 1);
    returning.arm();
    Errand<Void> close = Errand.run(block::close);
    returning.awaitReached();

    MutableBlock next = pool.allocateBlocks(1).getFirst(); // evicts what is not in the queue yet
    ImmutableBlock second = next.complete(key(2), null).register();
    returning.release();
    close.result();

    assertThat(pool.contains(key(1))).isFalse();
    assertThat(pool.tryAllocateBlocks(1)).as("the late return is not of this block").isEmpty();
    second.close();
    assertThat(pool.find(key(2))).hasValueSatisfying(ImmutableBlock::close);
    assertThat(pool.availableBlocks()).isEqualTo(1);
  }

  @Test
  void case47_eviction_against_re_register() throws Exception {
    BlockPool pool = pool(3);
    register(pool, 1).close();
    register(pool, 2).close();
    MutableBlock ready = pool.allocateBlocks(1).getFirst();
    evicting.arm();
    Errand<MutableBlock> eviction = Errand.start(() -> pool.allocateBlocks(1).getFirst());
    evicting.awaitReached(); // block 1 is on its way out
    Errand<ImmutableBlock> again = Errand.start(() -> ready.complete(key(1), null).register());
    again.awaitParked();
    evicting.release();

    MutableBlock evicted = eviction.result();
    ImmutableBlock registered = again.result();
    assertThat(registered.blockId()).isNotEqualTo(evicted.blockId());
    assertThat(registered.isDuplicate()).isFalse();
    assertThat(registry.isPresent(key(1), TIER)).isTrue();
    assertThat(pool.find(key(1)))
        .hasValueSatisfying(
            found -> {
              assertThat(found.blockId()).isEqualTo(registered.blockId());
              found.close();
            });
    registered.close();
    evicted.close();
    assertThat(pool.availableBlocks()).isEqualTo(3);
    assertThat(registry.isPresent(key(1), TIER)).isTrue();
    assertThat(registry.isPresent(key(2), TIER)).isTrue();
  }

  @Test
  void lookup_against_eviction() throws Exception {
    BlockPool pool = pool(1);
    register(pool, 1).close();
    evicting.arm();
    Errand<MutableBlock> eviction = Errand.start(() -> pool.allocateBlocks(1).getFirst());
    evicting.awaitReached();
    Errand<Optional<ImmutableBlock>> lookup = Errand.start(() -> pool.find(key(1)));
    lookup.awaitParked(); // no guess: it waits for what becomes of the eviction
    evicting.release();

    assertThat(lookup.result()).isEmpty();
    eviction.result().close();
    assertThat(pool.availableBlocks()).isEqualTo(1);
  }

  @Test
  void lookup_against_an_eviction_that_is_undone() throws Exception {
    BlockPool pool = pool(2);
    register(pool, 1).close();
    ImmutableBlock used = register(pool, 2);
    evicting.arm();
    Errand<Optional<List<MutableBlock>>> tooMany = Errand.start(() -> pool.tryAllocateBlocks(2));
    evicting.awaitReached();
    Errand<Optional<ImmutableBlock>> lookup = Errand.start(() -> pool.find(key(1)));
    lookup.awaitParked();
    evicting.release();

    assertThat(tooMany.result()).isEmpty();
    assertThat(lookup.result()).as("a hit that must not be lost").isPresent();
    lookup.result().orElseThrow().close();
    used.close();
    assertThat(pool.availableBlocks()).isEqualTo(2);
  }

  @Test
  void double_close() throws Exception {
    BlockPool pool = pool(1);
    ImmutableBlock block = register(pool, 1);
    returning.arm();
    Errand<Void> first = Errand.run(block::close);
    returning.awaitReached();
    block.close(); // the second, while the first is under way
    ImmutableBlock other = pool.find(key(1)).orElseThrow();
    block.close(); // and another that must not end the use of somebody else
    returning.release();
    first.result();
    block.close();

    assertThat(returns).hasValue(1);
    assertThat(pool.tryAllocateBlocks(1)).isEmpty();
    assertThatThrownBy(block::key).hasMessageContaining("closed");
    other.close();
    assertThat(returns).hasValue(2);
    assertThat(pool.availableBlocks()).isEqualTo(1);
  }

  @Test
  void close_against_register_of_the_same_handle() throws Exception {
    BlockPool pool = pool(2);
    register(pool, 1).close();
    MutableBlock other = pool.allocateBlocks(1).getFirst();
    var complete = other.complete(key(2), null);
    evicting.arm();
    Errand<MutableBlock> holdsLock = Errand.start(() -> pool.allocateBlocks(1).getFirst());
    evicting.awaitReached();
    Errand<Void> close = Errand.run(complete::close); // ends the handle, then waits for the lock
    close.awaitParked();
    Errand<ImmutableBlock> register = Errand.start(complete::register);
    evicting.release();

    close.result();
    assertThatThrownBy(register::result).hasMessageContaining("block");
    assertThat(pool.contains(key(2))).isFalse();
    holdsLock.result().close();
    assertThat(pool.availableBlocks()).isEqualTo(2);
  }

  /** Of blocks that have to be evicted; one of the eight is stopped in the middle of it. */
  @Test
  void allocate_all_from_eight_threads() throws Exception {
    int blocks = 16;
    BlockPool pool = pool(blocks);
    for (int n = 0; n < blocks; n++) {
      register(pool, n).close();
    }
    evicting.arm();
    List<Errand<List<MutableBlock>>> errands = new ArrayList<>();
    errands.add(Errand.start(() -> pool.allocateBlocks(blocks)));
    evicting.awaitReached();
    for (int thread = 1; thread < 8; thread++) {
      Errand<List<MutableBlock>> errand = Errand.start(() -> pool.allocateBlocks(blocks));
      errand.awaitParked();
      errands.add(errand);
    }
    evicting.release();

    List<MutableBlock> granted = errands.getFirst().result();
    assertThat(granted).hasSize(blocks).doesNotHaveDuplicates();
    for (Errand<List<MutableBlock>> refused : errands.subList(1, 8)) {
      assertThatThrownBy(refused::result)
          .cause()
          .isInstanceOfSatisfying(
              CapacityException.class,
              e -> {
                assertThat(e.requested()).isEqualTo(blocks);
                assertThat(e.available()).isZero();
              });
    }
    assertThat(registry.size()).isZero();
    BlockPool.closeAll(granted);
    assertThat(pool.availableBlocks()).isEqualTo(blocks);
  }
}
