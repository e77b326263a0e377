package io.kvbm.api.spi;

import io.kvbm.api.Stability;

/**
 * A version of the SPI.
 *
 * @param major must equal the platform's
 * @param minor must not be above the platform's
 */
@Stability(Stability.Level.STABLE)
public record SpiVersion(int major, int minor) {

  /** {@return whether a plugin built for this version runs on this platform} */
  public boolean isSupported() {
    return major == Spi.MAJOR && minor <= Spi.MINOR;
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
