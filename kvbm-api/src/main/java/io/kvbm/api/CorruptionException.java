package io.kvbm.api;

import org.jspecify.annotations.Nullable;

/** Stored bytes are not what was written. The block is lost: treat it as a miss. */
@Stability(Stability.Level.STABLE)
public final class CorruptionException extends KvbmException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param code the error case
   * @param message one line: what is wrong and what to do
   */
  public CorruptionException(ErrorCode code, String message) {
    this(code, message, null);
  }

  /**
   * Creates the exception.
   *
   * @param code the error case
   * @param message one line: what is wrong and what to do
   * @param cause what led to it, or null
   */
  public CorruptionException(ErrorCode code, String message, @Nullable Throwable cause) {
    super(code, message, cause);
  }
}
