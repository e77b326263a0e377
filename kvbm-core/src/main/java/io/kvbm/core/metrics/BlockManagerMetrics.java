package io.kvbm.core.metrics;

import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.metrics.MetricsSink.Counter;

/**
 * What a manager counts for one of its pools: blocks that were allocated, registered, matched and
 * evicted. Each counter carries the tag {@code pool}. Threading: safe from any thread; counting
 * allocates nothing.
 */
public final class BlockManagerMetrics {

  private final PoolMetrics poolMetrics;
  private final Counter allocationCounter;
  private final Counter registrationCounter;
  private final Counter matchCounter;
  private final Counter evictionCounter;

  /**
   * Creates the counters of a pool.
   *
   * @param sink where to report
   * @param pool the pool's name, the value of the tag
   * @param poolMetrics what the pool itself shows
   */
  public BlockManagerMetrics(MetricsSink sink, String pool, PoolMetrics poolMetrics) {
    this.poolMetrics = poolMetrics;
    allocationCounter = sink.counter("kvbm.allocation.blocks", "pool", pool);
    registrationCounter = sink.counter("kvbm.registration.blocks", "pool", pool);
    matchCounter = sink.counter("kvbm.match.blocks", "pool", pool);
    evictionCounter = sink.counter("kvbm.eviction.blocks", "pool", pool);
  }

  /** {@return what the pool itself shows} */
  public PoolMetrics pool() {
    return poolMetrics;
  }

  /**
   * Counts blocks that were allocated.
   *
   * @param blocks how many
   */
  public void countAllocated(long blocks) {
    allocationCounter.add(blocks);
  }

  /**
   * Counts blocks that were registered.
   *
   * @param blocks how many
   */
  public void countRegistered(long blocks) {
    registrationCounter.add(blocks);
  }

  /**
   * Counts blocks that a match found.
   *
   * @param blocks how many
   */
  public void countMatched(long blocks) {
    matchCounter.add(blocks);
  }

  /**
   * Counts blocks that were evicted.
   *
   * @param blocks how many
   */
  public void countEvicted(long blocks) {
    evictionCounter.add(blocks);
  }
}
