package io.kvbm.cli.replay;

import io.kvbm.core.cost.RecomputeCost;

/**
 * How long requests would wait for their first token: what the replay measured, looking up,
 * bringing up and making room, and what computing the missing blocks would take beside it. Without
 * a cache every block is computed. For one thread.
 */
final class FirstTokens {

  /** Costs are learnt from the first loads; a request is not blamed before. */
  static final int LEARNING_LOADS = 20;

  /** A lookup takes microseconds, also where nothing is found: so much more is not worse. */
  static final double TOLERANCE = 1.01;

  private final RecomputeCost cost;
  private double nanos;
  private double nanosWithout;
  private long loads;
  private long worse;
  private double worst;

  FirstTokens(RecomputeCost cost) {
    this.cost = cost;
  }

  /**
   * A request was served.
   *
   * @param blocks blocks it asked for
   * @param hits how many of them, from the first, were there in time
   * @param waitedNanos how long it took to get those and room for the others
   * @param loaded whether it asked for blocks of a lower tier
   */
  void served(int blocks, int hits, long waitedNanos, boolean loaded) {
    double with = waitedNanos + cost.nanos(hits, blocks);
    double without = cost.nanos(0, blocks);
    nanos += with;
    nanosWithout += without;
    if (loads >= LEARNING_LOADS) {
      double ratio = without == 0 ? 1 : with / without;
      worst = Math.max(worst, ratio);
      worse += ratio > TOLERANCE ? 1 : 0;
    }
    loads += loaded ? 1 : 0;
  }

  /** {@return what all requests waited, together} */
  double seconds() {
    return nanos / 1e9;
  }

  /** {@return what all requests would have waited without a cache} */
  double secondsWithout() {
    return nanosWithout / 1e9;
  }

  /** {@return requests after the first loads that waited more than 1 % longer than without} */
  long worse() {
    return worse;
  }

  /** {@return the largest ratio to without, of requests after the first loads} */
  double worst() {
    return worst;
  }
}
