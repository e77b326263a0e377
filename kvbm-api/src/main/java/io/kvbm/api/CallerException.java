package io.kvbm.api;

import org.jspecify.annotations.Nullable;

/**
 * The call was wrong: an argument, an index, a state or the order of calls. Nothing was changed.
 */
@Stability(Stability.Level.STABLE)
public final class CallerException extends KvbmException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param code the error case
   * @param message one line: what is wrong and what to do
   */
  public CallerException(ErrorCode code, String message) {
    this(code, message, null);
  }

  /**
   * Creates the exception.
   *
   * @param code the error case
   * @param message one line: what is wrong and what to do
   * @param cause what led to it, or null
   */
  public CallerException(ErrorCode code, String message, @Nullable Throwable cause) {
    super(code, message, cause);
  }
}
