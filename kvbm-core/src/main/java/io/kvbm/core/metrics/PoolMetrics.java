package io.kvbm.core.metrics;

import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.metrics.MetricsSink.Histogram;
import io.kvbm.api.spi.Clock;
import java.util.function.LongSupplier;

/**
 * What one pool shows: how many blocks it has and can give, and how long its calls take. Each meter
 * carries the tag {@code pool}.
 *
 * <p>To measure a call, take {@link #start()} before it and hand that to one of the {@code record}
 * methods after it. With {@link MetricsSink#NULL} both do nothing and the clock is not read.
 * Threading: safe from any thread; measuring allocates nothing.
 */
public final class PoolMetrics {

  private final boolean enabled;
  private final Clock clock;
  private final Histogram allocationDuration;
  private final Histogram registrationDuration;
  private final Histogram matchDuration;

  /**
   * Creates the meters of a pool.
   *
   * @param sink where to report
   * @param clock measures the durations
   * @param pool the pool's name, the value of the tag
   * @param totalBlocks how many blocks the pool has; read from any thread
   * @param availableBlocks how many it could give; read from any thread
   */
  public PoolMetrics(
      MetricsSink sink,
      Clock clock,
      String pool,
      LongSupplier totalBlocks,
      LongSupplier availableBlocks) {
    enabled = sink != MetricsSink.NULL;
    this.clock = clock;
    sink.gauge("kvbm.pool.total.blocks", totalBlocks::getAsLong, "pool", pool);
    sink.gauge("kvbm.pool.available.blocks", availableBlocks::getAsLong, "pool", pool);
    allocationDuration = sink.histogram("kvbm.pool.allocation.duration.nanos", "pool", pool);
    registrationDuration = sink.histogram("kvbm.pool.registration.duration.nanos", "pool", pool);
    matchDuration = sink.histogram("kvbm.pool.match.duration.nanos", "pool", pool);
  }

  /** {@return the time at which a call starts, to be handed to a {@code record} method} */
  public long start() {
    return enabled ? clock.nanoTime() : 0;
  }

  /**
   * Records an allocation that ends now.
   *
   * @param start when it started
   */
  public void recordAllocation(long start) {
    record(allocationDuration, start);
  }

  /**
   * Records a registration that ends now.
   *
   * @param start when it started
   */
  public void recordRegistration(long start) {
    record(registrationDuration, start);
  }

  /**
   * Records a match that ends now.
   *
   * @param start when it started
   */
  public void recordMatch(long start) {
    record(matchDuration, start);
  }

  /**
   * Records how long something took or lasted that ends now.
   *
   * @param histogram where to record it
   * @param start when it started
   */
  public void recordSince(Histogram histogram, long start) {
    record(histogram, start);
  }

  private void record(Histogram histogram, long start) {
    if (enabled) {
      histogram.record(clock.nanoTime() - start);
    }
  }
}
