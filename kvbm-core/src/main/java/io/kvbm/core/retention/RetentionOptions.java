package io.kvbm.core.retention;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.core.time.Deadlines;

/**
 * What is kept, and for how long.
 *
 * @param maxRetainedShare of the blocks of a tier this share may be kept by pins and leases, above
 *     0 and up to 1
 * @param priorityClasses so many classes of blocks, of which the lowest is evicted first, 1 to 16;
 *     a block's class is its priority, from 0 up
 * @param maxNamespaces so many namespaces at most, that of the empty name left out; 0 = no
 *     namespaces
 * @param maxPendingClaims so many claimed blocks that no tier has are remembered at most
 * @param lifeNanos how long a block may live, {@link Deadlines#NEVER} for ever; a namespace may
 *     have another time
 * @param sweepNanos how often blocks are dropped whose time is over; 0 = every block lives for ever
 */
public record RetentionOptions(
    double maxRetainedShare,
    int priorityClasses,
    int maxNamespaces,
    int maxPendingClaims,
    long lifeNanos,
    long sweepNanos) {

  private static final int MOST_CLASSES = 16;

  /** Half of a tier for pins and leases, one class, no namespaces, no times to live. */
  public static final RetentionOptions DEFAULT =
      new RetentionOptions(0.5, 1, 0, 65_536, Deadlines.NEVER, 0);

  /** Checks the values. */
  public RetentionOptions {
    if (!(maxRetainedShare > 0 && maxRetainedShare <= 1)) {
      throw invalid("maxRetainedShare is " + maxRetainedShare + ": above 0 and up to 1");
    }
    if (priorityClasses < 1 || priorityClasses > MOST_CLASSES) {
      throw invalid("priorityClasses is " + priorityClasses + ": from 1 to " + MOST_CLASSES);
    }
    if (maxNamespaces < 0 || maxPendingClaims < 1) {
      throw invalid(
          "maxNamespaces is %d and maxPendingClaims %d: at least 0 and 1"
              .formatted(maxNamespaces, maxPendingClaims));
    }
    if (lifeNanos < 1 || sweepNanos < 0 || lifeNanos < Deadlines.NEVER && sweepNanos == 0) {
      throw invalid(
          "lifeNanos is %d and sweepNanos %d: at least 1 and 0, and blocks that do not live for ever are swept"
              .formatted(lifeNanos, sweepNanos));
    }
  }

  private static ConfigurationException invalid(String what) {
    return new ConfigurationException(ErrorCode.INVALID_CONFIG, what + " is what it takes");
  }

  /**
   * {@return these options with another share}
   *
   * @param value what pins and leases may keep
   */
  public RetentionOptions withMaxRetainedShare(double value) {
    return new RetentionOptions(
        value, priorityClasses, maxNamespaces, maxPendingClaims, lifeNanos, sweepNanos);
  }

  /**
   * {@return these options with another number of priority classes}
   *
   * @param value how many
   */
  public RetentionOptions withPriorityClasses(int value) {
    return new RetentionOptions(
        maxRetainedShare, value, maxNamespaces, maxPendingClaims, lifeNanos, sweepNanos);
  }

  /**
   * {@return these options with namespaces}
   *
   * @param value how many at most
   */
  public RetentionOptions withMaxNamespaces(int value) {
    return new RetentionOptions(
        maxRetainedShare, priorityClasses, value, maxPendingClaims, lifeNanos, sweepNanos);
  }

  /**
   * {@return these options with times to live}
   *
   * @param life how long a block may live, {@link Deadlines#NEVER} where only namespaces say
   * @param sweep how often blocks are dropped, in nanoseconds
   */
  public RetentionOptions withLife(long life, long sweep) {
    return new RetentionOptions(
        maxRetainedShare, priorityClasses, maxNamespaces, maxPendingClaims, life, sweep);
  }

  /** {@return whether blocks may have a time to live} */
  public boolean hasLives() {
    return sweepNanos > 0;
  }
}
