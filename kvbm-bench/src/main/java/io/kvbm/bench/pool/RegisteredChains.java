package io.kvbm.bench.pool;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.core.pool.BlockPool;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * A pool full of chains nobody uses, and the maps that hold the same keys. Look-ups use key objects
 * of their own, since a request never brings the very objects that were registered.
 */
@State(Scope.Benchmark)
public class RegisteredChains {

  /** Blocks in a chain: the prefix that is looked up. */
  static final int LENGTH = 128;

  /** Chains of which each thread looks one up after the other. */
  static final int CHAINS_PER_THREAD = 16;

  private static final int LEAST_CHAINS = 32;
  private static final long SEED = 42;

  BlockPool pool;
  final ConcurrentHashMap<BlockKey, Object> byKey = new ConcurrentHashMap<>();
  final ConcurrentHashMap<Long, Object> byHash = new ConcurrentHashMap<>();
  private final List<long[]> chains = new ArrayList<>();

  /** Fills pool and maps. */
  @Setup(Level.Trial)
  public void fill(BenchmarkParams params) {
    int count = Math.max(LEAST_CHAINS, CHAINS_PER_THREAD * params.getThreads());
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < count; i++) {
      chains.add(random.longs(LENGTH).toArray());
    }
    pool = emptyPool(count * LENGTH);
    chains.forEach(this::register);
    for (long[] chain : chains) {
      for (long hash : chain) {
        byKey.put(BlockKey.derived(hash), new Object());
        byHash.put(hash, new Object());
      }
    }
  }

  /** Ends the pool. */
  @TearDown(Level.Trial)
  public void close() {
    pool.close();
  }

  static BlockPool emptyPool(int blocks) {
    return BlockPool.builder()
        .logical(new LayoutConfig(blocks, 1, 1, 16, 8, DType.FP16, 1))
        .build();
  }

  private void register(long[] chain) {
    List<ImmutableBlock> blocks = new ArrayList<>();
    BlockKey parent = null;
    for (long hash : chain) {
      BlockKey key = BlockKey.derived(hash);
      blocks.add(pool.allocateBlocks(1).getFirst().complete(key, parent).register());
      parent = key;
    }
    BlockPool.closeAll(blocks);
  }

  /** The hashes of a chain; there are at least {@link #CHAINS_PER_THREAD} for each thread. */
  long[] chain(int index) {
    return chains.get(index);
  }
}
