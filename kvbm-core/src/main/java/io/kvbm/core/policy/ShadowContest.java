package io.kvbm.core.policy;

/**
 * Tells which of several ways to choose a victim does best on what is asked for lately: each has a
 * {@link ShadowCache} over the same sample of blocks. The first leads until another has had clearly
 * more hits.
 *
 * <p>Blocks of one request hit or miss together, so single hits say little about chance. The
 * contest therefore counts in rounds as long as it takes to use as many blocks as the tier holds. A
 * challenger takes the lead when the sum of its advantages over the rounds, recent ones counting
 * more, is above {@value #LEAST_ADVANTAGE} of the leader's hits and twice the root of the sum of
 * their squares, which an advantage that is chance alone seldom is. So what a wrong leader costs is
 * bounded: some rounds, not the run.
 *
 * <p>Not thread safe. A use costs O(1), or what the shadows cost if the block is in the sample.
 */
final class ShadowContest {

  /** A shadow keeps at least so many blocks, if the tier does. */
  private static final int LEAST_SHADOW_CAPACITY = 256;

  private static final int LEAST_ROUND = 512;
  private static final int HALF_LIFE_CAPACITIES = 16;
  private static final double LEAST_ADVANTAGE = 0.005;
  private static final double SIGNIFICANT_DEVIATIONS = 2;

  /** The sample is drawn by other bits of the mixed key than those of {@link ReuseIndex}. */
  private static final int SAMPLE_SHIFT = 32;

  private final ShadowCache[] shadows;
  private final long sampleMask;
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
   * @param shadows one for each way, of {@link #shadowCapacity} blocks
   */
  ShadowContest(int capacity, ShadowCache... shadows) {
    this.shadows = shadows;
    sampleMask = samplesOneOf(capacity) - 1;
    round = Math.max(LEAST_ROUND, capacity);
    fading = Math.pow(0.5, (double) round / ((double) HALF_LIFE_CAPACITIES * capacity));
    hits = new double[shadows.length];
    roundHits = new long[shadows.length];
    advantages = new double[shadows.length][shadows.length];
    squares = new double[shadows.length][shadows.length];
    nextRound = round;
  }

  /** {@return how many blocks a shadow of a tier of so many keeps} */
  static int shadowCapacity(int capacity) {
    return (int) Math.max(1, capacity / samplesOneOf(capacity));
  }

  private static long samplesOneOf(int capacity) {
    return Integer.highestOneBit(Math.max(1, capacity / LEAST_SHADOW_CAPACITY));
  }

  /** A block was used. */
  void use(long key, int group, long now) {
    if ((Mixing.mix(key) >>> SAMPLE_SHIFT & sampleMask) == 0) {
      for (int i = 0; i < shadows.length; i++) {
        if (shadows[i].use(key, group, now)) {
          roundHits[i]++;
        }
      }
    }
    if (now >= nextRound) {
      nextRound = now + round;
      endRound();
    }
  }

  private void endRound() {
    for (int i = 0; i < shadows.length; i++) {
      hits[i] = hits[i] * fading + roundHits[i];
      for (int j = 0; j < shadows.length; j++) {
        double difference = roundHits[i] - roundHits[j];
        advantages[i][j] = advantages[i][j] * fading + difference;
        squares[i][j] = squares[i][j] * fading + difference * difference;
      }
    }
    java.util.Arrays.fill(roundHits, 0);
    int best = leader;
    for (int i = 0; i < shadows.length; i++) {
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
