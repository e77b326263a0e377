package io.kvbm.core.retention;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;

/** Times that callers give. */
final class Durations {

  private Durations() {}

  /**
   * Refuses a time that is over before it begins.
   *
   * @param what what it is, as it begins a sentence
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if it is not above 0
   */
  static void requirePositive(String what, long nanos) {
    if (nanos <= 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "%s of %d ns is over before it begins: give more than 0".formatted(what, nanos));
    }
  }
}
