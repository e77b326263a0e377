package io.kvbm.api;

import org.jspecify.annotations.Nullable;

/** Settings are missing, out of range or contradictory, or name something that is not there. */
@Stability(Stability.Level.STABLE)
public final class ConfigurationException extends KvbmException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param code the error case
   * @param message one line: what is wrong and what to do
   */
  public ConfigurationException(ErrorCode code, String message) {
    this(code, message, null);
  }

  /**
   * Creates the exception.
   *
   * @param code the error case
   * @param message one line: what is wrong and what to do
   * @param cause what led to it, or null
   */
  public ConfigurationException(ErrorCode code, String message, @Nullable Throwable cause) {
    super(code, message, cause);
  }
}
