package io.kvbm.core.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.DoubleSupplier;

/**
 * The sum of what several owners show under one name. Threading: safe from any thread, without
 * locks; sources are called with none held.
 */
final class ShownSum implements DoubleSupplier {

  /** What is left of owners that ended, and those that have not. */
  private record Terms(double ended, List<DoubleSupplier> sources) {}

  private final AtomicReference<Terms> terms = new AtomicReference<>(new Terms(0, List.of()));

  void add(DoubleSupplier source) {
    terms.updateAndGet(
        before -> {
          List<DoubleSupplier> more = new ArrayList<>(before.sources);
          more.add(source);
          return new Terms(before.ended, List.copyOf(more));
        });
  }

  /** Lets a source go; what is to stay of it is added in the same step, so the sum never falls. */
  void end(DoubleSupplier source, double last) {
    terms.updateAndGet(
        before -> {
          List<DoubleSupplier> fewer = new ArrayList<>(before.sources);
          double left = fewer.remove(source) ? last : 0;
          return new Terms(before.ended + left, List.copyOf(fewer));
        });
  }

  @Override
  public double getAsDouble() {
    Terms now = terms.get();
    double sum = now.ended;
    for (DoubleSupplier source : now.sources) {
      sum += source.getAsDouble();
    }
    return sum;
  }
}
