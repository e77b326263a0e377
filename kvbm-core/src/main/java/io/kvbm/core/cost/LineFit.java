package io.kvbm.core.cost;

/**
 * A latency and a bandwidth by least squares, older samples counting less. A sample that began
 * while the route was busy shows the bandwidth only: its latency passed while others moved. Not
 * thread-safe.
 */
final class LineFit {

  /** What is left of a sample's weight after the next one: the last five are two thirds of all. */
  private static final double DECAY = 0.8;

  /** Sizes that spread by less than this share of their mean say nothing about the slope. */
  private static final double LEAST_SPREAD = 0.2;

  private static final double LEAST_WEIGHT = 1e-9;

  private double bytes;
  private double nanos;
  private double bytesSquared;
  private double bytesNanos;

  /** Of the samples that began on an idle route. */
  private double idleWeight;

  private double idleBytes;
  private double idleNanos;

  void add(double byteSize, double nanoTime, boolean fromIdle) {
    bytes = bytes * DECAY + byteSize;
    nanos = nanos * DECAY + nanoTime;
    bytesSquared = bytesSquared * DECAY + byteSize * byteSize;
    bytesNanos = bytesNanos * DECAY + byteSize * nanoTime;
    double one = fromIdle ? 1 : 0;
    idleWeight = idleWeight * DECAY + one;
    idleBytes = idleBytes * DECAY + one * byteSize;
    idleNanos = idleNanos * DECAY + one * nanoTime;
  }

  void clear() {
    bytes = 0;
    nanos = 0;
    bytesSquared = 0;
    bytesNanos = 0;
    idleWeight = 0;
    idleBytes = 0;
    idleNanos = 0;
  }

  boolean isEmpty() {
    return bytes == 0;
  }

  /** {@return whether the samples differ enough to tell latency from bandwidth} */
  boolean hasSpread() {
    return idleWeight > LEAST_WEIGHT
        && determinant() > LEAST_SPREAD * LEAST_SPREAD * idleBytes * idleBytes;
  }

  private double determinant() {
    return idleWeight * bytesSquared - idleBytes * idleBytes;
  }

  /** {@return nanoseconds per byte if latency counted as bandwidth} */
  double meanNanosPerByte() {
    return nanos / bytes;
  }

  /** {@return nanoseconds per byte} */
  double nanosPerByte() {
    double mean = meanNanosPerByte();
    if (!hasSpread()) {
      return mean;
    }
    double slope = (idleWeight * bytesNanos - idleBytes * idleNanos) / determinant();
    if (slope <= 0) {
      return mean / 2; // noise: part of the time is fixed, nobody knows how much
    }
    return Math.min(slope, mean); // a line that starts below 0 is no latency
  }

  /** {@return nanoseconds of a load of no bytes} */
  double latencyNanos() {
    return idleWeight > LEAST_WEIGHT
        ? Math.max(0, (idleNanos - nanosPerByte() * idleBytes) / idleWeight)
        : 0;
  }
}
