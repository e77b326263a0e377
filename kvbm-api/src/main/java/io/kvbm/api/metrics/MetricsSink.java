package io.kvbm.api.metrics;

import io.kvbm.api.Stability;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * Where backends and core report what they count and measure. Core binds it to a meter registry;
 * {@link #NULL} drops everything. Names are dotted, units last ({@code kvbm.transfer.bytes}); tags
 * are key, value, key, value. Threading: safe from any thread; the meters are cheap enough for hot
 * paths.
 */
@Stability(Stability.Level.PREVIEW)
public interface MetricsSink {

  /** Drops everything. */
  MetricsSink NULL =
      new MetricsSink() {
        @Override
        public Counter counter(String name, String... tags) {
          return amount -> {};
        }

        @Override
        public Histogram histogram(String name, String... tags) {
          return value -> {};
        }

        @Override
        public void gauge(String name, DoubleSupplier value, String... tags) {}
      };

  /**
   * {@return the counter of that name and tags; one and the same on each call}
   *
   * @param name dotted
   * @param tags key, value, …
   */
  Counter counter(String name, String... tags);

  /**
   * Shows a number that only rises and is counted elsewhere, read when asked for.
   *
   * @param name dotted
   * @param total read from any thread; kept as long as the sink
   * @param tags key, value, …
   * @implSpec shows it as a {@linkplain #gauge gauge} unless overridden
   */
  default void counter(String name, LongSupplier total, String... tags) {
    gauge(name, () -> (double) total.getAsLong(), tags);
  }

  /**
   * {@return the histogram of that name and tags; one and the same on each call}
   *
   * @param name dotted; ends in the unit: {@code nanos} for durations, {@code bytes}
   * @param tags key, value, …
   */
  Histogram histogram(String name, String... tags);

  /**
   * Shows a value that is read when asked for.
   *
   * @param name dotted
   * @param value read from any thread; kept as long as the sink
   * @param tags key, value, …
   */
  void gauge(String name, DoubleSupplier value, String... tags);

  /** A number that only rises. */
  @FunctionalInterface
  interface Counter {
    /**
     * Adds to it.
     *
     * @param amount not negative
     */
    void add(long amount);

    /** Adds one. */
    default void increment() {
      add(1);
    }
  }

  /** Values and how they are spread. */
  @FunctionalInterface
  interface Histogram {
    /**
     * Adds a value.
     *
     * @param value in the unit the name ends in
     */
    void record(long value);
  }
}
