package io.kvbm.core.pool;

import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.Clock;
import io.kvbm.core.metrics.BlockManagerMetrics;
import io.kvbm.core.metrics.PoolMetrics;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Counts what a pool does, for {@link PoolStatistics} and for the metrics sink. One step per call, not per block; the
 * clock is read only where somebody takes the durations.
 */
final class PoolMeters {

  private final LongAdder allocations = new LongAdder();
  private final LongAdder allocationsFromReset = new LongAdder();
  private final LongAdder evictions = new LongAdder();
  private final LongAdder registrations = new LongAdder();
  private final LongAdder deduplications = new LongAdder();
  private final LongAdder duplicates = new LongAdder();
  private final LongAdder matchRequested = new LongAdder();
  private final LongAdder matchReturned = new LongAdder();
  private final LongAdder scatteredRequested = new LongAdder();
  private final LongAdder scatteredReturned = new LongAdder();
  private final LongAdder rollbacks = new LongAdder();
  private final BlockManagerMetrics metrics;

  PoolMeters(
      MetricsSink sink, Clock clock, String pool, LongSupplier total, LongSupplier available) {
    this.metrics =
        new BlockManagerMetrics(sink, pool, new PoolMetrics(sink, clock, pool, total, available));
  }

  /** {@return what a duration is measured from} */
  long startTime() {
    return metrics.pool().start();
  }

  void allocationTook(long start) {
    metrics.pool().recordAllocation(start);
  }

  void registrationTook(long start) {
    metrics.pool().recordRegistration(start);
  }

  void matchTook(long start) {
    metrics.pool().recordMatch(start);
  }

  void allocated(int count, int fromReset) {
    allocations.add(count);
    allocationsFromReset.add(fromReset);
    metrics.countAllocated(count);
  }

  void evicted(int count) {
    evictions.add(count);
    metrics.countEvicted(count);
  }

  void registered() {
    registrations.increment();
    metrics.countRegistered(1);
  }

  void deduplicated() {
    deduplications.increment();
  }

  void duplicated() {
    duplicates.increment();
  }

  void matched(int requested, int returned) {
    matchRequested.add(requested);
    matchReturned.add(returned);
    metrics.countMatched(returned);
  }

  void matchedScattered(int requested, int returned) {
    scatteredRequested.add(requested);
    scatteredReturned.add(returned);
    metrics.countMatched(returned);
  }

  void rolledBack() {
    rollbacks.increment();
  }

  PoolStatistics statistics() {
    return new PoolStatistics(
        allocations.sum(),
        allocationsFromReset.sum(),
        evictions.sum(),
        registrations.sum(),
        deduplications.sum(),
        duplicates.sum(),
        matchRequested.sum(),
        matchReturned.sum(),
        scatteredRequested.sum(),
        scatteredReturned.sum(),
        rollbacks.sum());
  }
}
