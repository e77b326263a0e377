package io.kvbm.core.races;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.core.policy.EvictionPolicies;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.Eviction;
import java.util.List;
import java.util.Optional;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Calls of a pool give what they would one after the other, in every interleaving that was tried.
 *
 * <p>Which of several blocks is evicted is not part of that: a block whose last close is under way
 * may still be as old to the policy as it was before. So either nothing is evicted here, or there
 * is one block only.
 */
class PoolModelCheckTest {

  private static final int KEYS = 3;

  @Test
  void calls_that_evict_nothing() {
    ModelCheck.run(Roomy.class, 2, 30);
  }

  @Test
  void calls_for_the_only_block() {
    ModelCheck.run(Single.class, 2, 30);
  }

  @Test
  @Tag("slow")
  void calls_that_evict_nothing_at_length() {
    ModelCheck.run(Roomy.class, 30, 500);
  }

  @Test
  @Tag("slow")
  void calls_for_the_only_block_at_length() {
    ModelCheck.run(Single.class, 30, 500);
  }

  /** A pool, and for each thread at most one block: being filled, in use or on its way out. */
  @Param(name = "key", gen = IntGen.class, conf = "1:" + KEYS)
  @Param(name = "thread", gen = ThreadIdGen.class)
  public abstract static class Calls {

    /** The threads before, beside and after each other. */
    private static final int THREADS = 4;

    final BlockPool pool;
    final MutableBlock[] filling = new MutableBlock[THREADS];
    final ImmutableBlock[] used = new ImmutableBlock[THREADS];
    final Eviction[] leaving = new Eviction[THREADS];

    Calls(int blocks) {
      pool =
          BlockPool.builder()
              .logical(new LayoutConfig(blocks, 1, 1, 1, 1, DType.FP16, 1))
              .evictionPolicy(EvictionPolicies.of("lru"))
              .build();
    }

    boolean isBusy(int thread) {
      return filling[thread] != null || used[thread] != null || leaving[thread] != null;
    }

    @Operation
    public String allocate(@Param(name = "thread") int thread) {
      if (isBusy(thread)) {
        return "busy";
      }
      Optional<List<MutableBlock>> blocks = pool.tryAllocateBlocks(1);
      if (blocks.isEmpty()) {
        return "full";
      }
      filling[thread] = blocks.get().getFirst();
      return "allocated";
    }

    @Operation
    public String register(@Param(name = "thread") int thread, @Param(name = "key") int key) {
      if (filling[thread] == null) {
        return "nothing to register";
      }
      used[thread] = filling[thread].complete(BlockKey.derived(key), null).register();
      filling[thread] = null;
      return "registered " + used[thread].key().lo();
    }

    @Operation
    public String find(@Param(name = "thread") int thread, @Param(name = "key") int key) {
      if (isBusy(thread)) {
        return "busy";
      }
      used[thread] = pool.find(BlockKey.derived(key)).orElse(null);
      return used[thread] == null ? "miss" : "hit " + used[thread].key().lo();
    }

    @Operation
    public boolean contains(@Param(name = "key") int key) {
      return pool.contains(BlockKey.derived(key));
    }

    /** Twice, as the second must do nothing. */
    @Operation
    public void close(@Param(name = "thread") int thread) {
      if (filling[thread] != null) {
        filling[thread].close();
        filling[thread].close();
        filling[thread] = null;
      }
      if (used[thread] != null) {
        used[thread].close();
        used[thread].close();
        used[thread] = null;
      }
    }
  }

  /** As many slots as there may be keys and threads. */
  public static class Roomy extends Calls {

    public Roomy() {
      super(KEYS + Calls.THREADS);
    }

    /** The block turned out damaged. */
    @Operation
    public String remove(@Param(name = "thread") int thread) {
      if (used[thread] == null) {
        return "nothing to remove";
      }
      pool.remove(used[thread]);
      used[thread] = null;
      return "removed";
    }
  }

  /** One slot. */
  public static class Single extends Calls {

    public Single() {
      super(1);
      pool.allocateBlocks(1).getFirst().complete(BlockKey.derived(1), null).register().close();
    }

    @Operation
    public String beginEviction(@Param(name = "thread") int thread) {
      if (isBusy(thread)) {
        return "busy";
      }
      List<Eviction> picked = pool.beginEvictions(1);
      if (picked.isEmpty()) {
        return "none";
      }
      leaving[thread] = picked.getFirst();
      return "picked";
    }

    @Operation
    public String finishEviction(@Param(name = "thread") int thread) {
      if (leaving[thread] == null) {
        return "nothing to finish";
      }
      boolean gone = leaving[thread].finish();
      leaving[thread] = null;
      return gone ? "gone" : "still used";
    }
  }
}
