package io.kvbm.backend.disk.io;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.metrics.MetricsSink;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Counts requests. Threading: safe from any thread. */
final class IoCounters {

  private final LongAdder taken = new LongAdder();
  private final LongAdder released = new LongAdder();
  private final LongAdder completed = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final LongAdder errors = new LongAdder();
  private final LongAdder timeouts = new LongAdder();
  private final MetricsSink.Counter completedMetric;
  private final MetricsSink.Counter bytesMetric;
  private final MetricsSink.Counter errorsMetric;
  private final MetricsSink.Counter timeoutsMetric;

  /** Creates counters at zero that report nowhere. */
  public IoCounters() {
    this(MetricsSink.NULL, "none");
  }

  /**
   * Creates counters at zero.
   *
   * @param metrics what is told as well
   * @param engine the name of the engine there
   */
  public IoCounters(MetricsSink metrics, String engine) {
    this.completedMetric = metrics.counter("kvbm.disk.engine.completed", "engine", engine);
    this.bytesMetric = metrics.counter("kvbm.disk.engine.bytes", "engine", engine);
    this.errorsMetric = metrics.counter("kvbm.disk.engine.errors", "engine", engine);
    this.timeoutsMetric = metrics.counter("kvbm.disk.engine.timeouts", "engine", engine);
  }

  /** Counts requests that were taken on. */
  public void taken(int count) {
    taken.add(count);
  }

  /** Counts a request that is answered. */
  public void answered(IoRequest request, @Nullable KvbmException failure) {
    completed.increment();
    completedMetric.increment();
    if (failure == null) {
      bytes.add(request.memory().byteSize());
      bytesMetric.add(request.memory().byteSize());
      return;
    }
    errors.increment();
    errorsMetric.increment();
    if (failure.code() == ErrorCode.DEADLINE_EXCEEDED) {
      timeouts.increment();
      timeoutsMetric.increment();
    }
  }

  /** Counts a request that is released. */
  public void released() {
    released.increment();
  }

  /** {@return the numbers} */
  public IoStatistics statistics() {
    long ended = released.sum();
    return new IoStatistics(
        Math.max(0, taken.sum() - ended),
        completed.sum(),
        bytes.sum(),
        errors.sum(),
        timeouts.sum());
  }
}
