package io.kvbm.core.tiering;

/**
 * How the way down from one tier does, and how much is worth sending along it. A way that has
 * stopped, or on which blocks take longer than they are worth, is left alone for a while; then one
 * block shows whether that is still so, and if it is the way rests longer. Threading: safe from any
 * thread.
 */
final class Descent {

  /** So many demotions in a row that were not done in time make a way that has stopped. */
  private static final int STRIKES = 2;

  /** A way that stays stopped is tried again after longer and longer, up to this many times. */
  private static final int LONGEST_REST = 64;

  /** How much of the newest measurement goes into what is known, one part of so many. */
  private static final int MEMORY = 4;

  private static final double UNKNOWN = -1;

  private final long mostHeld;
  private final long restNanos;
  private final double worthNanos;
  private long held;
  private int overdueInARow;
  private double nanosPerBlock = UNKNOWN;
  private boolean rests;
  private int restCount;
  private long restsUntilNanos;

  /**
   * @param mostHeld blocks that batches may hold which nobody waits for any more
   * @param restNanos how long a way that has stopped is left alone, at first
   * @param worthNanos how long a block may take to go down, or infinite
   */
  Descent(long mostHeld, long restNanos, double worthNanos) {
    this.mostHeld = mostHeld;
    this.restNanos = restNanos;
    this.worthNanos = worthNanos;
  }

  /** {@return how many of some blocks may go down now} */
  synchronized int admits(int blocks, long nowNanos) {
    if (held > mostHeld || rests && nowNanos - restsUntilNanos < 0) {
      return 0;
    }
    return rests ? Math.min(1, blocks) : blocks;
  }

  /** {@return how many blocks go down in some time; 0 while nobody knows} */
  synchronized long blocksIn(long nanos) {
    return nanosPerBlock == UNKNOWN ? 0 : (long) (nanos / Math.max(1, nanosPerBlock));
  }

  /**
   * A demotion has ended, or is waited for no longer. One that has brought nothing, and said so in
   * time, shows nothing about how long blocks take.
   *
   * @param arrived how many blocks it brought down
   * @param nanos how long it was waited for
   * @param isInTime whether it has ended
   * @param nowNanos when that is
   */
  synchronized void ended(int arrived, long nanos, boolean isInTime, long nowNanos) {
    if (arrived == 0 && isInTime) {
      return;
    }
    overdueInARow = isInTime ? 0 : overdueInARow + 1;
    double each = (double) nanos / Math.max(1, arrived);
    boolean isNew = rests || nanosPerBlock == UNKNOWN;
    nanosPerBlock = isNew ? each : nanosPerBlock + (each - nanosPerBlock) / MEMORY;
    rests = overdueInARow >= STRIKES || nanosPerBlock > worthNanos;
    if (rests) {
      long times = Math.min(LONGEST_REST, 1L << Math.min(restCount++, Long.SIZE - 2));
      restsUntilNanos = nowNanos + restNanos * times;
    } else {
      restCount = 0;
    }
  }

  /** A batch is left behind, with so many blocks. */
  synchronized void hold(int blocks) {
    held += blocks;
  }

  /** It has ended after all. */
  synchronized void drained(int blocks) {
    held -= blocks;
  }
}
