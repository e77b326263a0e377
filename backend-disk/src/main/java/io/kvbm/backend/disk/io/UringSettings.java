package io.kvbm.backend.disk.io;

/**
 * How a ring engine is built.
 *
 * @param rings how many rings, each with a thread of its own
 * @param depth how many operations each ring keeps in the kernel
 * @param readWeight share of the depth that reads get while writes wait too
 * @param writeWeight share of the depth that writes and syncs get while reads wait too
 * @param registerFiles whether files are made known to the ring beforehand
 */
record UringSettings(int rings, int depth, int readWeight, int writeWeight, boolean registerFiles) {

  /** Checks the ranges. */
  public UringSettings {
    if (rings < 1 || depth < 1 || readWeight < 1 || writeWeight < 1) {
      throw new IllegalArgumentException(
          "rings, depth and weights are at least 1, got %d, %d, %d and %d"
              .formatted(rings, depth, readWeight, writeWeight));
    }
  }

  /** {@return one ring of that depth, reads and writes alike} */
  public static UringSettings ofDepth(int depth) {
    return new UringSettings(1, depth, 1, 1, true);
  }
}
