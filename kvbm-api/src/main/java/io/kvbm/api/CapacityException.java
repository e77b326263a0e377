package io.kvbm.api;

import org.jspecify.annotations.Nullable;

/** Something is full. Nothing was taken: free, evict or ask for less, then retry. */
@Stability(Stability.Level.STABLE)
public final class CapacityException extends KvbmException {

  private static final long serialVersionUID = 1L;

  private final long requested;
  private final long available;

  /**
   * Creates the exception.
   *
   * @param code the error case
   * @param message one line: what is full and what to do
   * @param requested how much was asked for, in the unit the message names
   * @param available how much could have been had, in the same unit
   */
  public CapacityException(ErrorCode code, String message, long requested, long available) {
    this(code, message, requested, available, null);
  }

  /**
   * Creates the exception.
   *
   * @param code the error case
   * @param message one line: what is full and what to do
   * @param requested how much was asked for, in the unit the message names
   * @param available how much could have been had, in the same unit
   * @param cause what led to it, or null
   */
  public CapacityException(
      ErrorCode code, String message, long requested, long available, @Nullable Throwable cause) {
    super(code, message, cause);
    this.requested = requested;
    this.available = available;
  }

  /** {@return how much was asked for} */
  public long requested() {
    return requested;
  }

  /** {@return how much could have been had} */
  public long available() {
    return available;
  }
}
