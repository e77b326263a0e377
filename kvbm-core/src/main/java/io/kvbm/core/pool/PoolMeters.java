package io.kvbm.core.pool;

import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.Clock;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Counts what a pool does, for {@link PoolStatistics} and for the metrics sink. The clock is read only where somebody takes
 * the durations. What changes residency is counted under the pool's lock; matches take none, so they count in one step per
 * call.
 */
final class PoolMeters {

  private final MetricsSink sink;
  private final Clock clock;
  private final String pool;
  private final boolean timed;
  private final LockedCount allocations = new LockedCount();
  private final LockedCount allocationsFromReset = new LockedCount();
  private final LockedCount evictions = new LockedCount();
  private final LockedCount registrations = new LockedCount();
  private final LockedCount deduplications = new LockedCount();
  private final LockedCount duplicates = new LockedCount();
  private final LongAdder matchRequested = new LongAdder();
  private final LongAdder matchReturned = new LongAdder();
  private final LongAdder scatteredRequested = new LongAdder();
  private final LongAdder scatteredReturned = new LongAdder();
  private final LockedCount rollbacks = new LockedCount();
  private final MetricsSink.Counter allocationCounter;
  private final MetricsSink.Counter registrationCounter;
  private final MetricsSink.Counter matchCounter;
  private final MetricsSink.Counter evictionCounter;
  private final MetricsSink.Histogram allocationDuration;
  private final MetricsSink.Histogram registrationDuration;
  private final MetricsSink.Histogram matchDuration;

  PoolMeters(MetricsSink sink, Clock clock, String pool) {
    this.sink = sink;
    this.clock = clock;
    this.pool = pool;
    this.timed = sink != MetricsSink.NULL;
    this.allocationCounter = sink.counter("kvbm.allocations", "pool", pool);
    this.registrationCounter = sink.counter("kvbm.registrations", "pool", pool);
    this.matchCounter = sink.counter("kvbm.matches", "pool", pool);
    this.evictionCounter = sink.counter("kvbm.evictions", "pool", pool);
    this.allocationDuration = sink.histogram("kvbm.allocation.nanos", "pool", pool);
    this.registrationDuration = sink.histogram("kvbm.registration.nanos", "pool", pool);
    this.matchDuration = sink.histogram("kvbm.match.nanos", "pool", pool);
  }

  void showBlocks(LongSupplier total, LongSupplier available) {
    sink.gauge("kvbm.blocks.total", total::getAsLong, "pool", pool);
    sink.gauge("kvbm.blocks.available", available::getAsLong, "pool", pool);
  }

  long startTime() {
    return timed ? clock.nanoTime() : 0;
  }

  void allocationTook(long start) {
    if (timed) {
      allocationDuration.record(clock.nanoTime() - start);
    }
  }

  void registrationTook(long start) {
    if (timed) {
      registrationDuration.record(clock.nanoTime() - start);
    }
  }

  void matchTook(long start) {
    if (timed) {
      matchDuration.record(clock.nanoTime() - start);
    }
  }

  /** Under the lock. */
  void allocated(int count, int fromReset) {
    allocations.add(count);
    allocationsFromReset.add(fromReset);
    allocationCounter.add(count);
  }

  /** Under the lock. */
  void evicted(int count) {
    evictions.add(count);
    evictionCounter.add(count);
  }

  /** Under the lock. */
  void registered() {
    registrations.add(1);
    registrationCounter.increment();
  }

  /** Under the lock. */
  void deduplicated() {
    deduplications.add(1);
  }

  /** Under the lock. */
  void duplicated() {
    duplicates.add(1);
  }

  void matched(int requested, int returned) {
    matchRequested.add(requested);
    if (returned > 0) {
      matchReturned.add(returned);
      matchCounter.add(returned);
    }
  }

  void matchedScattered(int requested, int returned) {
    scatteredRequested.add(requested);
    scatteredReturned.add(returned);
  }

  /** Under the lock. */
  void rolledBack() {
    rollbacks.add(1);
  }

  PoolStatistics statistics() {
    return new PoolStatistics(
        allocations.value(),
        allocationsFromReset.value(),
        evictions.value(),
        registrations.value(),
        deduplications.value(),
        duplicates.value(),
        matchRequested.sum(),
        matchReturned.sum(),
        scatteredRequested.sum(),
        scatteredReturned.sum(),
        rollbacks.value());
  }
}
