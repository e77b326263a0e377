package io.kvbm.bench.pool;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.CompleteBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.core.pool.BlockPool;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.locks.ReentrantLock;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * A block's whole way through a full pool: an old one is evicted, the new one allocated, completed,
 * registered and closed. An operation is one block. The peer keeps as many keys in a locked {@link
 * LinkedHashMap} in the order of their use.
 */
@BenchmarkMode(Mode.AverageTime)
public class TurnoverBenchmark {

  private static final int BLOCKS = 4096;
  private static final int BATCH = RegisteredChains.LENGTH;

  /** Blocks that go through before the first round, for each that fits: the policy learns. */
  private static final int TURNS = 100;

  /** A pool and its peer, full after the warm-up. */
  @State(Scope.Benchmark)
  public static class Full {

    BlockPool pool;
    final ReentrantLock lock = new ReentrantLock();
    final Map<BlockKey, Object> map =
        new LinkedHashMap<>(BLOCKS * 2, 0.75f, true) {
          private static final long serialVersionUID = 1;

          @Override
          protected boolean removeEldestEntry(Map.Entry<BlockKey, Object> eldest) {
            return size() > BLOCKS;
          }
        };

    /**
     * Fills both, so that from the first operation on every block needs an eviction, and goes on
     * until the policy has seen some windows of its own: a pool is slow only when it is new.
     */
    @Setup(Level.Trial)
    public void fill() {
      pool = RegisteredChains.emptyPool(BLOCKS);
      SplittableRandom random = new SplittableRandom(BLOCKS);
      for (int i = 0; i < TURNS * BLOCKS; i++) {
        BlockKey key = BlockKey.derived(random.nextLong());
        turnOver(pool, key);
        map.put(key, key);
      }
    }

    /** Ends the pool. */
    @TearDown(Level.Trial)
    public void close() {
      pool.close();
    }
  }

  /** Keys of one thread, so many that none comes back before it was evicted. */
  @State(Scope.Thread)
  public static class Fresh {

    private static final int COUNT = 1 << 16;

    private final BlockKey[] keys = new BlockKey[COUNT];
    private int position;

    /** Makes the keys. */
    @Setup(Level.Trial)
    public void make(ThreadParams thread) {
      SplittableRandom random = new SplittableRandom(thread.getThreadIndex());
      for (int i = 0; i < COUNT; i++) {
        keys[i] = BlockKey.derived(random.nextLong());
      }
    }

    BlockKey next() {
      return keys[position++ & COUNT - 1];
    }
  }

  /** One block at a time. */
  @Benchmark
  public void single(Full full, Fresh fresh) {
    turnOver(full.pool, fresh.next());
  }

  /** The blocks of a request together, as a chain. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void batch(Full full, Fresh fresh) {
    List<CompleteBlock> complete = new ArrayList<>(BATCH);
    BlockKey parent = null;
    for (MutableBlock block : full.pool.allocateBlocks(BATCH)) {
      BlockKey key = fresh.next();
      complete.add(block.complete(key, parent));
      parent = key;
    }
    BlockPool.closeAll(full.pool.registerBlocks(complete));
  }

  /** The peer. */
  @Benchmark
  public void lockedMap(Full full, Fresh fresh) {
    BlockKey key = fresh.next();
    full.lock.lock();
    try {
      full.map.put(key, key);
    } finally {
      full.lock.unlock();
    }
  }

  private static void turnOver(BlockPool pool, BlockKey key) {
    pool.allocateBlocks(1).getFirst().complete(key, null).register().close();
  }
}
