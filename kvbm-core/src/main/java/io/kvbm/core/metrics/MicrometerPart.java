package io.kvbm.core.metrics;

import io.kvbm.api.metrics.MetricsSink;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * What one owner reports to a registry. Closed, it leaves one number in each sum it was part of and
 * no object. Threading: safe from any thread.
 */
final class MicrometerPart implements MetricsSink.Part {

  private final MicrometerMetrics whole;
  private final List<Runnable> endings = new ArrayList<>();
  private boolean closed;

  MicrometerPart(MicrometerMetrics whole) {
    this.whole = whole;
  }

  @Override
  public Counter counter(String name, String... tags) {
    return whole.counter(name, tags);
  }

  @Override
  public void counter(String name, LongSupplier total, String... tags) {
    ShownSum sum = whole.total(MicrometerMetrics.key(name, tags));
    DoubleSupplier source = total::getAsLong;
    add(sum, source, () -> sum.end(source, source.getAsDouble()));
  }

  @Override
  public Histogram histogram(String name, String... tags) {
    return whole.histogram(name, tags);
  }

  @Override
  public void gauge(String name, DoubleSupplier value, String... tags) {
    ShownSum sum = whole.level(MicrometerMetrics.key(name, tags));
    add(sum, value, () -> sum.end(value, 0));
  }

  private synchronized void add(ShownSum sum, DoubleSupplier source, Runnable ending) {
    if (!closed) {
      sum.add(source);
      endings.add(ending);
    }
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
}
