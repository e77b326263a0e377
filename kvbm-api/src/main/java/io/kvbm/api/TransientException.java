package io.kvbm.api;

import org.jspecify.annotations.Nullable;

/**
 * The condition may pass: a deadline, a full queue, a lock held by somebody else. Back off and
 * retry.
 */
@Stability(Stability.Level.STABLE)
public final class TransientException extends KvbmException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param code the error case
   * @param message one line: what is wrong and what to do
   */
  public TransientException(ErrorCode code, String message) {
    this(code, message, null);
  }

  /**
   * Creates the exception.
   *
   * @param code the error case
   * @param message one line: what is wrong and what to do
   * @param cause what led to it, or null
   */
  public TransientException(ErrorCode code, String message, @Nullable Throwable cause) {
    super(code, message, cause);
  }
}
