package io.kvbm.core.onboard;

/**
 * How a sequence is brought up.
 *
 * @param deadlineNanos when to go on with what has arrived, on the onboarder's clock; 0 = never
 * @param priority higher starts first along a route; among equals the older does
 */
public record OnboardOptions(long deadlineNanos, long priority) {

  /** No deadline, priority 0. */
  public static final OnboardOptions DEFAULT = new OnboardOptions(0, 0);

  /**
   * {@return these options with another deadline}
   *
   * @param value on the onboarder's clock; 0 = none
   */
  public OnboardOptions withDeadlineNanos(long value) {
    return new OnboardOptions(value, priority);
  }

  /**
   * {@return these options with another priority}
   *
   * @param value higher starts first
   */
  public OnboardOptions withPriority(long value) {
    return new OnboardOptions(deadlineNanos, value);
  }
}
