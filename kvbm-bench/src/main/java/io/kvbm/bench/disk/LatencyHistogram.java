package io.kvbm.bench.disk;

/** Counts durations in steps of three percent. Used by one thread at a time. */
final class LatencyHistogram {

  private static final int STEP_BITS = 5;
  private static final int STEPS = 1 << STEP_BITS;
  private static final double NANOS_PER_MICRO = 1000;

  private final long[] counts = new long[(Long.SIZE - STEP_BITS) * STEPS];
  private long total;

  void record(long nanos) {
    counts[place(Math.max(0, nanos))]++;
    total++;
  }

  private static int place(long nanos) {
    if (nanos < STEPS) {
      return (int) nanos;
    }
    int shift = Long.SIZE - 1 - STEP_BITS - Long.numberOfLeadingZeros(nanos);
    return (shift + 1) * STEPS + (int) (nanos >>> shift) - STEPS;
  }

  private static double middle(int place) {
    if (place < STEPS) {
      return place;
    }
    int shift = place / STEPS - 1;
    return (place % STEPS + STEPS + 0.5) * (1L << shift);
  }

  void add(LatencyHistogram other) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }
    total += other.total;
  }

  /** {@return what that share of the durations stays below, in microseconds; 0 if there is none} */
  double micros(double share) {
    long wanted = (long) Math.ceil(share * total);
    long seen = 0;
    for (int i = 0; i < counts.length && total > 0; i++) {
      seen += counts[i];
      if (seen >= wanted) {
        return middle(i) / NANOS_PER_MICRO;
      }
    }
    return 0;
  }
}
