package io.kvbm.api;

import org.jspecify.annotations.Nullable;

/** The pool, manager, storage or store was closed or shut down; nothing more can be asked of it. */
@Stability(Stability.Level.STABLE)
public final class ClosedException extends KvbmException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param code the error case
   * @param message one line: what is wrong and what to do
   */
  public ClosedException(ErrorCode code, String message) {
    this(code, message, null);
  }

  /**
   * Creates the exception.
   *
   * @param code the error case
   * @param message one line: what is wrong and what to do
   * @param cause what led to it, or null
   */
  public ClosedException(ErrorCode code, String message, @Nullable Throwable cause) {
    super(code, message, cause);
  }
}
