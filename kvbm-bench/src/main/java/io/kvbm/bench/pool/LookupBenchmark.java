package io.kvbm.bench.pool;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.bench.rounds.TimedPart;
import io.kvbm.core.pool.BlockPool;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.infra.Blackhole;

/**
 * Look-ups of a prefix of 128 blocks, and 128 gets of a map. An operation is one prefix.
 *
 * <p>A match takes blocks into use that must be given back before the next one can take the same
 * path. {@link #match} therefore matches sixteen prefixes and closes them again, and takes the time
 * of the first half itself; its peers get the keys of the same prefixes. {@link #matchInUse} never
 * closes: a use is one of 2³² steps of a counter.
 */
@BenchmarkMode(Mode.AverageTime)
public class LookupBenchmark {

  /** Matches prefixes nobody uses and keeps them until all are matched. */
  @Benchmark
  @OperationsPerInvocation(RegisteredChains.CHAINS_PER_THREAD)
  public void match(RegisteredChains chains, Lookups lookups, TimedPart part) {
    long start = System.nanoTime();
    for (List<BlockKey> keys : lookups.manyKeys) {
      lookups.open.add(chains.pool.matchBlocks(keys));
    }
    part.timedNanos += System.nanoTime() - start;
    part.timedOps += RegisteredChains.CHAINS_PER_THREAD;
    lookups.closeOpen();
  }

  /** The peer of {@link #match}. */
  @Benchmark
  @OperationsPerInvocation(RegisteredChains.CHAINS_PER_THREAD)
  public void getManyByKey(RegisteredChains chains, Lookups lookups, Blackhole hole) {
    for (List<BlockKey> keys : lookups.manyKeys) {
      getAll(chains.byKey, keys, hole);
    }
  }

  /** The peer of {@link #match} with 64-bit keys. */
  @Benchmark
  @OperationsPerInvocation(RegisteredChains.CHAINS_PER_THREAD)
  public void getManyByHash(RegisteredChains chains, Lookups lookups, Blackhole hole) {
    for (List<Long> hashes : lookups.manyHashes) {
      getAll(chains.byHash, hashes, hole);
    }
  }

  /** Matches a prefix that is in use already and keeps it. */
  @Benchmark
  public List<ImmutableBlock> matchInUse(RegisteredChains chains, Lookups lookups) {
    return chains.pool.matchBlocks(lookups.keys);
  }

  /** Matches a prefix nobody uses and closes it. */
  @Benchmark
  public void matchAndClose(RegisteredChains chains, Lookups lookups) {
    BlockPool.closeAll(chains.pool.matchBlocks(lookups.keys));
  }

  /** The peer of one prefix. */
  @Benchmark
  public void getByKey(RegisteredChains chains, Lookups lookups, Blackhole hole) {
    getAll(chains.byKey, lookups.keys, hole);
  }

  /** The peer of one prefix with 64-bit keys. */
  @Benchmark
  public void getByHash(RegisteredChains chains, Lookups lookups, Blackhole hole) {
    getAll(chains.byHash, lookups.hashes, hole);
  }

  /** Asks for a prefix of which nothing is there. */
  @Benchmark
  public List<ImmutableBlock> missPrefix(RegisteredChains chains, Lookups lookups) {
    return chains.pool.matchBlocks(lookups.absentKeys);
  }

  /** Asks for 128 absent blocks in one call that looks for each of them. */
  @Benchmark
  public Object missScattered(RegisteredChains chains, Lookups lookups) {
    return chains.pool.matchScattered(lookups.absentKeys);
  }

  /** Asks for 128 absent blocks one by one. */
  @Benchmark
  public void missEach(RegisteredChains chains, Lookups lookups, Blackhole hole) {
    for (BlockKey key : lookups.absentKeys) {
      hole.consume(chains.pool.find(key));
    }
  }

  /** The peer of a miss: 128 gets that find nothing. */
  @Benchmark
  public void getAbsentByKey(RegisteredChains chains, Lookups lookups, Blackhole hole) {
    getAll(chains.byKey, lookups.absentKeys, hole);
  }

  /** The peer of a miss with 64-bit keys. */
  @Benchmark
  public void getAbsentByHash(RegisteredChains chains, Lookups lookups, Blackhole hole) {
    getAll(chains.byHash, lookups.absentHashes, hole);
  }

  private static <K> void getAll(ConcurrentHashMap<K, Object> map, List<K> keys, Blackhole hole) {
    for (K key : keys) {
      hole.consume(map.get(key));
    }
  }
}
