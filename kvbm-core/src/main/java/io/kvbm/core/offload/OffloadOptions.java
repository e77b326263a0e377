package io.kvbm.core.offload;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;

/**
 * How blocks that were asked for are treated.
 *
 * @param priority higher goes first, among equals the older; a block whose metadata asks for a
 *     higher one gets that
 * @param waitNanos how long the call may wait for room in the queue; 0 = not at all
 */
public record OffloadOptions(long priority, long waitNanos) {

  /** Priority 0, no waiting. */
  public static final OffloadOptions DEFAULT = new OffloadOptions(0, 0);

  /** Checks that the time is not negative. */
  public OffloadOptions {
    if (waitNanos < 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "waitNanos must be at least 0, got " + waitNanos);
    }
  }

  /**
   * {@return these options with another priority}
   *
   * @param value higher goes first
   */
  public OffloadOptions withPriority(long value) {
    return new OffloadOptions(value, waitNanos);
  }

  /**
   * {@return these options with another time to wait for room}
   *
   * @param value in nanoseconds
   */
  public OffloadOptions withWaitNanos(long value) {
    return new OffloadOptions(priority, value);
  }
}
