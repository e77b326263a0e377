package io.kvbm.core.cost;

/**
 * What a load along a route would take now.
 *
 * @param latencyNanos what every load takes, whatever its size
 * @param nanosPerByte what each byte adds
 * @param queuedByteSize bytes that wait or are under way already, which come first
 * @param slowdown how much slower than measured what is under way is, at least 1
 * @param basis where the figures come from
 */
public record RouteEstimate(
    double latencyNanos, double nanosPerByte, long queuedByteSize, double slowdown, Basis basis) {

  /** Where an estimate comes from. */
  public enum Basis {
    /** Nothing is known. */
    NONE,
    /** The first loads are under way: they take at least as long as they have taken so far. */
    UNDER_WAY,
    /** Figures somebody gave for the route. */
    ASSUMED,
    /** Loads that ended. */
    MEASURED
  }

  /**
   * {@return how long until so many more bytes have arrived, in nanoseconds}
   *
   * @param byteSize the bytes
   */
  public double loadNanos(long byteSize) {
    return slowdown * (latencyNanos + (queuedByteSize + byteSize) * nanosPerByte);
  }

  /** {@return whether anything ended or was assumed, so that the figures are not just a bound} */
  public boolean isKnown() {
    return basis == Basis.ASSUMED || basis == Basis.MEASURED;
  }
}
