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
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
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
 * <p>A registry has one sink. What several owners show under one name and the same tags is one
 * meter with the sum of all, gauges included. What a {@linkplain #part part} showed is gone from
 * the sums when it is closed, but for what it counted.
 *
 * <p>Threading: safe from any thread. Looking up a meter costs a map access and an allocation: keep
 * what is returned.
 */
public final class MicrometerMetrics implements MetricsSink {

  private static final String NANOS = ".nanos";
  private static final String BYTES = "bytes";

  /** Weak on both sides: the meters of a registry keep its sink, and that keeps the registry. */
  private static final Map<MeterRegistry, WeakReference<MicrometerMetrics>> SINKS =
      new WeakHashMap<>();

  /** What tells meters apart. */
  record Key(String name, List<String> tags) {}

  private final MeterRegistry registry;
  private final ConcurrentMap<Key, Counter> counters = new ConcurrentHashMap<>();
  private final ConcurrentMap<Key, Histogram> histograms = new ConcurrentHashMap<>();
  private final ConcurrentMap<Key, ShownSum> sums = new ConcurrentHashMap<>();

  private MicrometerMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /**
   * {@return the sink that reports to the registry, one and the same on each call}
   *
   * @param registry the caller closes it
   */
  public static MicrometerMetrics of(MeterRegistry registry) {
    synchronized (SINKS) {
      WeakReference<MicrometerMetrics> known = SINKS.get(registry);
      MicrometerMetrics sink = known == null ? null : known.get();
      if (sink == null) {
        sink = new MicrometerMetrics(registry);
        SINKS.put(registry, new WeakReference<>(sink));
      }
      return sink;
    }
  }

  @Override
  public Counter counter(String name, String... tags) {
    return counters.computeIfAbsent(key(name, tags), this::newCounter);
  }

  @Override
  public void counter(String name, LongSupplier total, String... tags) {
    total(key(name, tags)).add(total::getAsLong);
  }

  @Override
  public Histogram histogram(String name, String... tags) {
    return histograms.computeIfAbsent(key(name, tags), this::newHistogram);
  }

  @Override
  public void gauge(String name, DoubleSupplier value, String... tags) {
    level(key(name, tags)).add(value);
  }

  @Override
  public Part part() {
    return new MicrometerPart(this);
  }

  /** {@return the sum that a function counter shows} */
  ShownSum total(Key key) {
    return sums.computeIfAbsent(key, this::newTotal);
  }

  /** {@return the sum that a gauge shows} */
  ShownSum level(Key key) {
    return sums.computeIfAbsent(key, this::newLevel);
  }

  private ShownSum newTotal(Key key) {
    FunctionCounter.builder(key.name, this, _ -> shown(key))
        .tags(Tags.of(key.tags.toArray(String[]::new)))
        .baseUnit(baseUnit(key.name))
        .register(registry);
    return new ShownSum();
  }

  private ShownSum newLevel(Key key) {
    Gauge.builder(key.name, () -> shown(key))
        .tags(Tags.of(key.tags.toArray(String[]::new)))
        .baseUnit(baseUnit(key.name))
        .strongReference(true)
        .register(registry);
    return new ShownSum();
  }

  /** Called by the meters, which so keep this sink as long as their registry lives. */
  private double shown(Key key) {
    ShownSum sum = sums.get(key);
    return sum == null ? 0 : sum.getAsDouble();
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

  static Key key(String name, String... tags) {
    if (tags.length % 2 != 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "metric %s has %d tag strings: give a value for each key".formatted(name, tags.length));
    }
    return new Key(name, List.copyOf(Arrays.asList(tags)));
  }
}
