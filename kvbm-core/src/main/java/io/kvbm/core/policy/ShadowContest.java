package io.kvbm.core.policy;

import java.util.Arrays;

/**
 * Tells which of several ways to choose a victim does best on what is asked for lately, by the hits
 * of their {@link ShadowCaches}. The first leads until another has had clearly more.
 *
 * <p>Blocks of one request hit or miss together, so single hits say little about chance. The
 * contest therefore counts in rounds as long as it takes to use as many blocks as the tier holds. A
 * challenger takes the lead when the sum of its advantages over the rounds, recent ones counting
 * more, is above {@value #LEAST_ADVANTAGE} of the leader's hits and twice the root of the sum of
 * their squares, which an advantage that is chance alone seldom is. So what a wrong leader costs is
 * bounded: some rounds, not the run.
 *
 * <p>Not thread safe. A use costs O(1).
 */
final class ShadowContest {

  private static final int LEAST_ROUND = 512;
  private static final int HALF_LIFE_CAPACITIES = 16;
  private static final double LEAST_ADVANTAGE = 0.005;
  private static final double SIGNIFICANT_DEVIATIONS = 2;

  private final long round;
  private final double fading;
  private final double[] hits;
  private final long[] roundHits;

  /** By challenger and other: the faded sum of the differences of a round's hits. */
  private final double[][] advantages;

  private final double[][] squares;
  private int leader;
  private long nextRound;

  /**
   * @param capacity blocks of the tier
   * @param ways how many ways there are
   */
  ShadowContest(int capacity, int ways) {
    round = Math.max(LEAST_ROUND, capacity);
    fading = Math.pow(0.5, (double) round / ((double) HALF_LIFE_CAPACITIES * capacity));
    hits = new double[ways];
    roundHits = new long[ways];
    advantages = new double[ways][ways];
    squares = new double[ways][ways];
    nextRound = round;
  }

  /** A block of the sample was used that some ways had kept: a bit for each, the lowest first. */
  void count(int had) {
    for (int i = 0; i < roundHits.length; i++) {
      roundHits[i] += had >>> i & 1;
    }
  }

  /** Judges the round, if it is over. */
  void endRoundIfDue(long now) {
    if (now >= nextRound) {
      nextRound = now + round;
      endRound();
    }
  }

  private void endRound() {
    for (int i = 0; i < roundHits.length; i++) {
      hits[i] = hits[i] * fading + roundHits[i];
      for (int j = 0; j < roundHits.length; j++) {
        double difference = roundHits[i] - roundHits[j];
        advantages[i][j] = advantages[i][j] * fading + difference;
        squares[i][j] = squares[i][j] * fading + difference * difference;
      }
    }
    Arrays.fill(roundHits, 0);
    int best = leader;
    for (int i = 0; i < roundHits.length; i++) {
      if (beatsLeader(i) && advantages[i][best] > 0) {
        best = i;
      }
    }
    leader = best;
  }

  private boolean beatsLeader(int challenger) {
    double advantage = advantages[challenger][leader];
    return advantage > LEAST_ADVANTAGE * hits[leader]
        && advantage > SIGNIFICANT_DEVIATIONS * Math.sqrt(squares[challenger][leader]);
  }

  /** {@return which of the ways leads, from 0} */
  int leader() {
    return leader;
  }
}
