package io.kvbm.api.spi;

import io.kvbm.api.Stability;

/**
 * The version of the interfaces in this module. Both are compile-time constants on purpose: a
 * plugin that says {@code new SpiVersion(Spi.MAJOR, Spi.MINOR)} carries the version it was compiled
 * against.
 */
@Stability(Stability.Level.STABLE)
public final class Spi {

  /** Raised by a change that breaks a plugin compiled before it. */
  public static final int MAJOR = 1;

  /** Raised by an addition. */
  public static final int MINOR = 0;

  private Spi() {}
}
