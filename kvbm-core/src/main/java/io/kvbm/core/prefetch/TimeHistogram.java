package io.kvbm.core.prefetch;

/**
 * How long something took, as weights over time spans that grow by the square root of two, from a
 * millisecond to two days; old observations fade. One more weight stands for what never came. Not
 * thread safe.
 */
final class TimeHistogram {

  /** The first span ends at 2^20 ns, about a millisecond. */
  private static final int FIRST_BIT = 20;

  private static final int SPANS_PER_OCTAVE = 2;
  private static final int SPAN_COUNT = 28 * SPANS_PER_OCTAVE;

  /** Where each span starts, and where the last one ends. */
  private static final double[] STARTS = starts();

  private final float[] weights = new float[SPAN_COUNT];
  private final float decay;

  /** The weight of all spans and of what never came. */
  private float total;

  /**
   * Creates an empty histogram.
   *
   * @param decay what is left of each weight at the next observation, above 0 and up to 1
   */
  TimeHistogram(float decay) {
    this.decay = decay;
  }

  void add(long nanos) {
    fade();
    weights[span(nanos)] += 1;
    total += 1;
  }

  void addNever() {
    fade();
    total += 1;
  }

  /** Returns the weight of all observations, those that never came included. */
  double total() {
    return total;
  }

  /** Returns the weight of what took at most so long, spread evenly within a span. */
  double weightUpTo(double nanos) {
    double sum = 0;
    for (int i = 0; i < SPAN_COUNT; i++) {
      double start = STARTS[i];
      if (nanos <= start) {
        break;
      }
      double share = (nanos - start) / (STARTS[i + 1] - start);
      sum += weights[i] * Math.min(1, share);
    }
    return sum;
  }

  /** Returns how long what is longest known here may take. */
  static double longestNanos() {
    return STARTS[SPAN_COUNT];
  }

  private void fade() {
    for (int i = 0; i < SPAN_COUNT; i++) {
      weights[i] *= decay;
    }
    total *= decay;
  }

  private static int span(long nanos) {
    if (nanos < 1L << FIRST_BIT) {
      return 0;
    }
    double octaves = Math.log((double) nanos) / Math.log(2) - FIRST_BIT;
    return Math.min(SPAN_COUNT - 1, 1 + (int) (octaves * SPANS_PER_OCTAVE));
  }

  private static double[] starts() {
    double[] starts = new double[SPAN_COUNT + 1];
    for (int i = 1; i <= SPAN_COUNT; i++) {
      starts[i] = Math.pow(2, FIRST_BIT + (i - 1) / (double) SPANS_PER_OCTAVE);
    }
    return starts;
  }
}
