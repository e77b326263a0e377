package io.kvbm.core.pool;

import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.metrics.MetricsSink.Histogram;
import io.kvbm.api.spi.Clock;
import io.kvbm.core.metrics.BlockManagerMetrics;
import io.kvbm.core.metrics.PoolMetrics;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Counts what a pool does, for {@link PoolStatistics} and for the metrics sink. What changes
 * residency is counted under the pool's lock; matches take none, so they count in one step per
 * call. The clock is read only where somebody takes the durations.
 */
final class PoolMeters {

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
  private final LockedCount entered = new LockedCount();
  private final Map<LeaveCause, LockedCount> left = new EnumMap<>(LeaveCause.class);
  private final Map<LeaveCause, Histogram> ages = new EnumMap<>(LeaveCause.class);
  private final BlockManagerMetrics metrics;

  PoolMeters(
      MetricsSink sink, Clock clock, String pool, LongSupplier total, LongSupplier available) {
    this.metrics =
        new BlockManagerMetrics(sink, pool, new PoolMetrics(sink, clock, pool, total, available));
    sink.counter("kvbm.tier.entered.blocks", entered::value, "tier", pool);
    for (LeaveCause cause : LeaveCause.values()) {
      LockedCount count = new LockedCount();
      left.put(cause, count);
      sink.counter("kvbm.tier.left.blocks", count::value, "tier", pool, "cause", cause.text());
      ages.put(cause, sink.histogram("kvbm.tier.age.nanos", "tier", pool, "cause", cause.text()));
    }
  }

  /** A block can be found from now on. Under the lock; {@return when, to be handed to the end} */
  long entered() {
    entered.add(1);
    return metrics.pool().start();
  }

  /** A block cannot be found any more. Under the lock. */
  void left(LeaveCause cause, long enteredAt) {
    Objects.requireNonNull(left.get(cause)).add(1);
    metrics.pool().recordSince(Objects.requireNonNull(ages.get(cause)), enteredAt);
  }

  PoolResidency residency() {
    Map<LeaveCause, Long> counts = new EnumMap<>(LeaveCause.class);
    left.forEach((cause, count) -> counts.put(cause, count.value()));
    return new PoolResidency(entered.value(), counts);
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

  /** Under the lock. */
  void allocated(int count, int fromReset) {
    allocations.add(count);
    allocationsFromReset.add(fromReset);
    metrics.countAllocated(count);
  }

  /** Under the lock. */
  void evicted(int count) {
    evictions.add(count);
    metrics.countEvicted(count);
  }

  /** Under the lock. */
  void registered() {
    registrations.add(1);
    metrics.countRegistered(1);
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
      metrics.countMatched(returned);
    }
  }

  void matchedScattered(int requested, int returned) {
    scatteredRequested.add(requested);
    scatteredReturned.add(returned);
    metrics.countMatched(returned);
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
