package io.kvbm.api.storage;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;

/**
 * What to allocate.
 *
 * @param byteSize the length in bytes, above zero
 * @param alignment the least alignment of the first byte, a power of two in bytes; ignored where
 *     there are no addresses
 */
@Stability(Stability.Level.STABLE)
public record AllocationRequest(long byteSize, long alignment) {

  /** The alignment when none is asked for: a page, so that direct I/O can use the memory. */
  public static final long DEFAULT_ALIGNMENT = 4096;

  /** Checks both values. */
  public AllocationRequest {
    if (byteSize <= 0) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG, "storage size must be above zero bytes, got " + byteSize);
    }
    if (alignment <= 0 || Long.bitCount(alignment) != 1) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "alignment " + alignment + " is not a power of two");
    }
  }

  /**
   * {@return a request with the default alignment}
   *
   * @param byteSize the length in bytes, above zero
   */
  public static AllocationRequest of(long byteSize) {
    return new AllocationRequest(byteSize, DEFAULT_ALIGNMENT);
  }
}
