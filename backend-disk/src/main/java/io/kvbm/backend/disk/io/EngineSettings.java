package io.kvbm.backend.disk.io;

/**
 * What was asked for.
 *
 * @param type which engine
 * @param depth how many requests it keeps at the device, above 0
 * @param readWeight share of the depth that reads get while writes wait too, above 0
 * @param writeWeight share of the depth that writes get while reads wait too, above 0
 */
public record EngineSettings(EngineType type, int depth, int readWeight, int writeWeight) {

  /** Keeps a solid state disk busy. */
  public static final int DEFAULT_DEPTH = 32;

  /** {@return the best engine that works, with a depth for solid state disks} */
  public static EngineSettings defaults() {
    return new EngineSettings(EngineType.AUTO, DEFAULT_DEPTH, 1, 1);
  }
}
