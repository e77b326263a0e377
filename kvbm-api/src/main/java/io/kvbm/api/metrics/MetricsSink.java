package io.kvbm.api.metrics;

import io.kvbm.api.Stability;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * Where backends and core report what they count and measure. Core binds it to a meter registry;
 * {@link #NULL} drops everything. Names are dotted, units last ({@code kvbm.transfer.bytes}); tags
 * are key, value, key, value. Threading: safe from any thread; the meters are cheap enough for hot
 * paths.
 *
 * <p>Several owners may report under one name and the same tags: what is shown is the sum of all.
 * An owner that ends before the sink reports to a {@link #part} of it and closes that.
 */
@Stability(Stability.Level.PREVIEW)
public interface MetricsSink {

  /** Drops everything. */
  MetricsSink NULL =
      new Part() {
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

        @Override
        public Part part() {
          return this;
        }

        @Override
        public void close() {}
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
   * @param total read from any thread, without locks that are held while something is shown; kept
   *     as long as the sink, or until its part is closed
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
   * @param value read from any thread, without locks that are held while something is shown; kept
   *     as long as the sink, or until its part is closed
   * @param tags key, value, …
   */
  void gauge(String name, DoubleSupplier value, String... tags);

  /**
   * {@return a sink that reports to this one, for an owner that ends before it; the caller closes
   * it}
   *
   * @implSpec keeps a small object for each number that was shown, also after the part was closed,
   *     unless overridden
   */
  default Part part() {
    return new SinkPart(this);
  }

  /**
   * What one owner reports to a sink. {@link #close} lets go of what it shows: numbers that rise
   * are read once more and keep that value, gauges add nothing any more. Counters and histograms
   * that were handed out go on, and so does the sink.
   */
  interface Part extends MetricsSink, AutoCloseable {
    /** Reads nothing of the owner any more, nor keeps it reachable. Idempotent. */
    @Override
    void close();
  }

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
