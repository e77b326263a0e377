package io.kvbm.api.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A part of any sink: stands between the sink and what it reads, and cuts that off when closed.
 * Threading: safe from any thread.
 */
final class SinkPart implements MetricsSink.Part {

  private final MetricsSink whole;
  private final List<Runnable> endings = new ArrayList<>();
  private boolean closed;

  SinkPart(MetricsSink whole) {
    this.whole = whole;
  }

  @Override
  public Counter counter(String name, String... tags) {
    return whole.counter(name, tags);
  }

  @Override
  public void counter(String name, LongSupplier total, String... tags) {
    Total shown = new Total(total);
    if (endWithThis(shown::end)) {
      whole.counter(name, shown, tags);
    }
  }

  @Override
  public Histogram histogram(String name, String... tags) {
    return whole.histogram(name, tags);
  }

  @Override
  public void gauge(String name, DoubleSupplier value, String... tags) {
    Level shown = new Level(value);
    if (endWithThis(shown::end)) {
      whole.gauge(name, shown, tags);
    }
  }

  /** Returns whether this is still open. */
  private synchronized boolean endWithThis(Runnable ending) {
    if (!closed) {
      endings.add(ending);
    }
    return !closed;
  }

  @Override
  public void close() {
    List<Runnable> all;
    synchronized (this) {
      closed = true;
      all = List.copyOf(endings);
      endings.clear();
    }
    all.forEach(Runnable::run);
  }

  /** What an owner counts, and what it had counted in the end. */
  private static final class Total implements LongSupplier {
    private volatile @Nullable LongSupplier owner;
    private volatile long last;

    private Total(LongSupplier owner) {
      this.owner = owner;
    }

    @Override
    public long getAsLong() {
      LongSupplier source = owner;
      return source == null ? last : source.getAsLong();
    }

    private void end() {
      last = getAsLong();
      owner = null;
    }
  }

  /** A value of an owner, 0 after its end. */
  private static final class Level implements DoubleSupplier {
    private volatile @Nullable DoubleSupplier owner;

    private Level(DoubleSupplier owner) {
      this.owner = owner;
    }

    @Override
    public double getAsDouble() {
      DoubleSupplier source = owner;
      return source == null ? 0 : source.getAsDouble();
    }

    private void end() {
      owner = null;
    }
  }
}
