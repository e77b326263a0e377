package io.kvbm.core.policy;

import java.util.Arrays;

/**
 * Learns from a sample of all blocks, evicted or not, how likely a block is used again soon, by the
 * group it was put into at its last use and the time since. Time is counted in uses of any block.
 *
 * <p>For each group and each span of ages it keeps how many blocks were used again at that age and
 * how long blocks were that old; blocks that still wait are counted with the time they have waited
 * so far, so a group does not look better because its failures are not in yet. What lies back loses
 * weight.
 *
 * <p>The index of a block is the best rate of uses it can promise from its age on, over any
 * horizon: uses ÷ time, as in Gittins' index for the choice among jobs. The block with the smallest
 * index is the one to give up. A group of which little is known gets a small index, since some time
 * without any use is added to each.
 *
 * <p>Source: J. C. Gittins, Bandit Processes and Dynamic Allocation Indices, Journal of the Royal
 * Statistical Society B 41 (1979). Not thread safe. A use costs O(1), a refresh one step for each
 * block of the sample, which {@link #refreshIfDue} spreads over many uses.
 */
final class ReuseIndex {

  /** A block not used again for so many times the capacity is taken for dead. */
  private static final int WINDOW_CAPACITIES = 8;

  /** Blocks in the sample, at most; fewer than the window is long are seldom needed. */
  private static final int MOST_SAMPLED = 8192;

  /** Idle time that every group is given beside its own, in blocks idle for a capacity of uses. */
  private static final int DOUBT_CAPACITIES = 20;

  /** What was learnt so many windows ago counts half. */
  private static final int HALF_LIFE_WINDOWS = 4;

  private static final int LEAST_PERIOD = 1024;
  private static final int YOUNGEST_PER_CAPACITY = 64;
  private static final int GROUP_BITS = 8;

  private final long window;
  private final long period;
  private final double doubt;
  private final double fading;
  private final long sampleMask;
  private final int groupCount;
  private final AgeSpans spans;
  private final UseLog log;
  private final EndedWaits ended;

  /** By group and span of ages: the blocks that wait, and how long beyond the span's first age. */
  private final long[] waitingBlocks;

  private final long[] waitingExcess;

  /** By group and span of ages. */
  private final double[] indices;

  /** How long blocks of the group being rated were in each span of ages. */
  private final double[] times;

  private long nextRefresh;

  /**
   * @param groups how many groups of blocks, at most 256
   * @param capacity blocks of the tier
   */
  ReuseIndex(int groups, int capacity) {
    window = (long) WINDOW_CAPACITIES * capacity;
    period = Math.max(LEAST_PERIOD, capacity / 4);
    doubt = (double) DOUBT_CAPACITIES * capacity;
    fading = Math.pow(0.5, (double) period / (HALF_LIFE_WINDOWS * window));
    sampleMask = Long.highestOneBit(Math.max(1, 2 * (window - 1) / MOST_SAMPLED)) - 1;
    groupCount = groups;
    spans = new AgeSpans((double) capacity / YOUNGEST_PER_CAPACITY, window);
    log = new UseLog((int) Math.min(window, MOST_SAMPLED));
    int cells = groups * spans.count();
    ended = new EndedWaits(cells);
    waitingBlocks = new long[cells];
    waitingExcess = new long[cells];
    indices = new double[cells];
    times = new double[spans.count()];
    nextRefresh = period;
  }

  /**
   * A block was used and is in a group from now on.
   *
   * @param key the block, by 64 bits without a pattern
   * @param group its group
   * @param now the time
   */
  void use(long key, int group, long now) {
    if ((key & sampleMask) != 0) {
      return;
    }
    long before = log.record(key, now + 1 << GROUP_BITS | group);
    if (before != UseLog.NONE) {
      long age = age(before, now);
      end(group(before), Math.min(age, window), age < window);
    }
  }

  /** Counts the waits that have lasted for the window as waits in vain. */
  private void giveUpWaits(long now) {
    long oldest = log.oldest();
    while (oldest != UseLog.NONE && age(oldest, now) >= window) {
      end(group(oldest), window, false);
      log.removeOldest();
      oldest = log.oldest();
    }
  }

  private void end(int group, long age, boolean inTime) {
    int span = spans.of(age);
    ended.add(cell(group, span), age - spans.start(span), inTime);
  }

  private static long age(long use, long now) {
    return now + 1 - (use >>> GROUP_BITS);
  }

  private static int group(long use) {
    return (int) use & (1 << GROUP_BITS) - 1;
  }

  /** Learns from what was seen, if it is time to. */
  void refreshIfDue(long now) {
    if (now < nextRefresh) {
      return;
    }
    nextRefresh = now + period;
    giveUpWaits(now);
    countWaiting(now);
    for (int group = 0; group < groupCount; group++) {
      rate(group);
    }
    ended.fade(fading);
  }

  private void countWaiting(long now) {
    Arrays.fill(waitingBlocks, 0);
    Arrays.fill(waitingExcess, 0);
    int span = spans.count() - 1;
    long start = spans.start(span);
    for (int place = 0; place < log.length(); place++) {
      long use = log.at(place);
      if (use != UseLog.NONE) {
        long age = age(use, now);
        while (start > age) {
          start = spans.start(--span); // later uses are younger
        }
        int cell = cell(group(use), span);
        waitingBlocks[cell]++;
        waitingExcess[cell] += age - start;
      }
    }
  }

  private int cell(int group, int span) {
    return group * spans.count() + span;
  }

  private void rate(int group) {
    int row = cell(group, 0);
    int count = spans.count();
    if (!ended.hasUses(row, row + count)) {
      Arrays.fill(indices, row, row + count, 0);
      return;
    }
    double older = 0;
    for (int span = count - 1; span >= 0; span--) {
      double width = span + 1 < count ? spans.end(span) - spans.start(span) : 0;
      times[span] = older * width + ended.excess[row + span] + waitingExcess[row + span];
      older += ended.blocks[row + span] + waitingBlocks[row + span];
    }
    for (int from = 0; from < count; from++) {
      indices[row + from] = bestRate(row, from);
    }
  }

  private double bestRate(int row, int from) {
    double bestUses = 0;
    double bestTime = doubt;
    double uses = 0;
    double time = doubt;
    for (int span = from; span < times.length; span++) {
      uses += ended.used[row + span];
      time += times[span];
      if (uses * bestTime > bestUses * time) { // a division here would cost more than all else
        bestUses = uses;
        bestTime = time;
      }
    }
    return bestUses / bestTime;
  }

  /** {@return the ages for each of which a group has one index} */
  AgeSpans spans() {
    return spans;
  }

  /** {@return how many uses in a unit of time a block promises at best} */
  double index(int group, int span) {
    return indices[cell(group, span)];
  }

  /** {@return a number that changes whenever indices do} */
  long edition() {
    return nextRefresh;
  }

  /** What is known of waits that ended, by group and by the span of ages in which they did. */
  private static final class EndedWaits {

    private final double[] blocks;

    /** Time they lasted beyond the first age of the span. */
    private final double[] excess;

    /** Those that ended with a use. */
    private final double[] used;

    private EndedWaits(int cells) {
      blocks = new double[cells];
      excess = new double[cells];
      used = new double[cells];
    }

    private void add(int cell, long time, boolean wasUsed) {
      blocks[cell]++;
      excess[cell] += time;
      used[cell] += wasUsed ? 1 : 0;
    }

    private boolean hasUses(int from, int to) {
      for (int cell = from; cell < to; cell++) {
        if (used[cell] > 0) {
          return true;
        }
      }
      return false;
    }

    private void fade(double factor) {
      for (int cell = 0; cell < blocks.length; cell++) {
        blocks[cell] *= factor;
        excess[cell] *= factor;
        used[cell] *= factor;
      }
    }
  }
}
