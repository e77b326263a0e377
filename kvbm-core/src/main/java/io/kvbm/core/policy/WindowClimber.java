package io.kvbm.core.policy;

/**
 * Finds the share of the window of {@link TinyLfuPolicy} by climbing: it takes a step, looks
 * whether more uses are hits than before, and goes on in that direction or turns round. Steps
 * become smaller with time; a large change of the hit ratio makes them large again. Not thread
 * safe.
 */
final class WindowClimber {

  private static final double FIRST_SHARE = 0.2;
  private static final double SMALLEST_SHARE = 0.01;
  private static final double LARGEST_SHARE = 0.8;
  private static final double LARGEST_STEP = 0.0625;
  private static final double DECAY = 0.98;
  private static final double LARGE_CHANGE = 0.05;

  /** Fewer uses than that say nothing about a hit ratio. */
  private static final int SMALLEST_SAMPLE = 256;

  private static final double UNKNOWN = -1;

  private int uses;
  private int hits;
  private double ratioBefore = UNKNOWN;
  private double step = LARGEST_STEP;
  private double share = FIRST_SHARE;

  /** Returns how much of the tier should be window, of 1. */
  double share() {
    return share;
  }

  /**
   * Records a use.
   *
   * @param hit whether the block was there before
   * @param blocks how many blocks the tier keeps: after half as many uses, a step is taken
   */
  void record(boolean hit, int blocks) {
    uses++;
    hits += hit ? 1 : 0;
    if (uses >= Math.max(SMALLEST_SAMPLE, blocks / 2)) {
      climb((double) hits / uses);
      uses = 0;
      hits = 0;
    }
  }

  private void climb(double ratio) {
    if (ratioBefore != UNKNOWN) {
      double change = ratio - ratioBefore;
      double direction = change < 0 ? -step : step;
      step =
          Math.abs(change) >= LARGE_CHANGE
              ? Math.copySign(LARGEST_STEP, direction)
              : direction * DECAY;
    }
    ratioBefore = ratio;
    share = Math.clamp(share + step, SMALLEST_SHARE, LARGEST_SHARE);
  }
}
