package io.kvbm.core.metrics;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.metrics.MetricsSink;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reports to a Micrometer registry, so that whatever monitoring the user has shows it.
 *
 * <p>A histogram whose name ends in {@code .nanos} becomes a timer without that ending, since
 * Micrometer adds the time unit of the monitoring system; other histograms become distribution
 * summaries. Both publish percentile histograms.
 *
 * <p>Threading: safe from any thread. Looking up a meter costs a map access and an allocation: keep
 * what is returned.
 */
public final class MicrometerMetrics implements MetricsSink {

  private static final String NANOS = ".nanos";
  private static final String BYTES = "bytes";

  private record Key(String name, List<String> tags) {}

  private final MeterRegistry registry;
  private final ConcurrentMap<Key, Counter> counters = new ConcurrentHashMap<>();
  private final ConcurrentMap<Key, Histogram> histograms = new ConcurrentHashMap<>();

  /** What is read by function counters, which refer to it weakly. */
  private final List<LongSupplier> totals = new CopyOnWriteArrayList<>();

  private MicrometerMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /**
   * {@return a sink that reports to the registry}
   *
   * @param registry the caller closes it
   */
  public static MicrometerMetrics of(MeterRegistry registry) {
    return new MicrometerMetrics(registry);
  }

  @Override
  public Counter counter(String name, String... tags) {
    return counters.computeIfAbsent(key(name, tags), this::newCounter);
  }

  @Override
  public void counter(String name, LongSupplier total, String... tags) {
    Key key = key(name, tags);
    FunctionCounter.builder(name, total, counted -> (double) counted.getAsLong())
        .tags(Tags.of(key.tags.toArray(String[]::new)))
        .baseUnit(baseUnit(name))
        .register(registry);
    totals.add(total); // a function counter does not keep what it reads
  }

  @Override
  public Histogram histogram(String name, String... tags) {
    return histograms.computeIfAbsent(key(name, tags), this::newHistogram);
  }

  @Override
  public void gauge(String name, DoubleSupplier value, String... tags) {
    Key key = key(name, tags);
    Gauge.builder(name, value, DoubleSupplier::getAsDouble)
        .tags(Tags.of(key.tags.toArray(String[]::new)))
        .baseUnit(baseUnit(name))
        .strongReference(true)
        .register(registry);
  }

  private Counter newCounter(Key key) {
    var counter =
        io.micrometer.core.instrument.Counter.builder(key.name)
            .tags(Tags.of(key.tags.toArray(String[]::new)))
            .baseUnit(baseUnit(key.name))
            .register(registry);
    return amount -> counter.increment((double) amount);
  }

  private Histogram newHistogram(Key key) {
    Tags tags = Tags.of(key.tags.toArray(String[]::new));
    if (key.name.endsWith(NANOS)) {
      Timer timer =
          Timer.builder(key.name.substring(0, key.name.length() - NANOS.length()))
              .tags(tags)
              .publishPercentileHistogram()
              .register(registry);
      return value -> timer.record(value, TimeUnit.NANOSECONDS);
    }
    DistributionSummary summary =
        DistributionSummary.builder(key.name)
            .tags(tags)
            .baseUnit(baseUnit(key.name))
            .publishPercentileHistogram()
            .register(registry);
    return value -> summary.record((double) value);
  }

  private static @Nullable String baseUnit(String name) {
    return name.endsWith("." + BYTES) ? BYTES : null;
  }

  private static Key key(String name, String... tags) {
    if (tags.length % 2 != 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "metric %s has %d tag strings: give a value for each key".formatted(name, tags.length));
    }
    return new Key(name, List.copyOf(Arrays.asList(tags)));
  }
}
