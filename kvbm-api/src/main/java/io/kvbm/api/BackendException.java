package io.kvbm.api;

import org.jspecify.annotations.Nullable;

/**
 * A device, driver, file system or peer failed. Open for extension: a backend may add what its
 * native layer reports.
 */
@Stability(Stability.Level.STABLE)
public non-sealed class BackendException extends KvbmException {

  private static final long serialVersionUID = 1L;

  /** The native code where there is none. */
  public static final int NO_NATIVE_CODE = Integer.MIN_VALUE;

  private final int nativeCode;

  /**
   * Creates the exception.
   *
   * @param code the error case
   * @param message one line: what failed and what to do
   * @param cause what led to it, or null
   */
  public BackendException(ErrorCode code, String message, @Nullable Throwable cause) {
    this(code, message, NO_NATIVE_CODE, cause);
  }

  /**
   * Creates the exception.
   *
   * @param code the error case
   * @param message one line: what failed and what to do
   * @param nativeCode the errno, CUresult or status as the native layer gave it
   * @param cause what led to it, or null
   */
  public BackendException(
      ErrorCode code, String message, int nativeCode, @Nullable Throwable cause) {
    super(code, message, cause);
    this.nativeCode = nativeCode;
  }

  /** {@return the native code, or {@link #NO_NATIVE_CODE}} */
  public int nativeCode() {
    return nativeCode;
  }
}
