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
  private static final long EMPTY = 0;

  private final long window;
  private final long period;
  private final double doubt;
  private final double fading;
  private final long sampleMask;

  /** The youngest age of each span; the last span is open. */
  private final long[] edges;

  private final Spans[] ended;
  private final Spans[] waiting;
  private final double[][] indices;

  /** How long blocks of the group being rated were in each span of ages. */
  private final double[] times;

  private final int cellMask;
  private long[] keys;

  /** Time of the last use, plus one, and group; {@link #EMPTY} in an unused cell. */
  private long[] lastUses;

  private long[] spareKeys;
  private long[] spareLastUses;
  private int sampled;
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
    edges = edges(capacity);
    ended = spans(groups);
    waiting = spans(groups);
    indices = new double[groups][edges.length];
    times = new double[edges.length];
    int cells = 4 * Integer.highestOneBit((int) Math.min(window, MOST_SAMPLED));
    cellMask = cells - 1;
    keys = new long[cells];
    lastUses = new long[cells];
    spareKeys = new long[cells];
    spareLastUses = new long[cells];
    nextRefresh = period;
  }

  /** Ages grow by the square root of two from span to span. */
  private long[] edges(int capacity) {
    long[] found = new long[Long.SIZE];
    int count = 1; // the first span begins at 0
    double edge = Math.max(1.0, (double) capacity / YOUNGEST_PER_CAPACITY);
    for (; edge < window; edge *= Math.sqrt(2)) {
      long rounded = (long) Math.ceil(edge);
      if (rounded > found[count - 1]) {
        found[count++] = rounded;
      }
    }
    found[count++] = window;
    return Arrays.copyOf(found, count);
  }

  private Spans[] spans(int groups) {
    Spans[] all = new Spans[groups];
    Arrays.setAll(all, _ -> new Spans(edges.length));
    return all;
  }

  /** A block was used and is in a group from now on. */
  void use(long key, int group, long now) {
    long mixed = Mixing.mix(key);
    if ((mixed & sampleMask) != 0) {
      return;
    }
    int cell = cellOf(keys, lastUses, key, mixed);
    if (lastUses[cell] != EMPTY) {
      count(lastUses[cell], now, true);
    } else if (2 * sampled > cellMask) {
      return; // more blocks than expected: wait until those of old are let go
    } else {
      sampled++;
    }
    keys[cell] = key;
    lastUses[cell] = now + 1 << GROUP_BITS | group;
  }

  private int cellOf(long[] keyCells, long[] useCells, long key, long mixed) {
    int cell = (int) (mixed >>> 24) & cellMask;
    while (useCells[cell] != EMPTY && keyCells[cell] != key) {
      cell = cell + 1 & cellMask;
    }
    return cell;
  }

  /** Counts a wait that ended, by a use or because it lasted longer than the window. */
  private void count(long lastUse, long now, boolean used) {
    long age = age(lastUse, now);
    boolean inTime = used && age < window;
    ended[group(lastUse)].add(Math.min(age, window), edges, inTime);
  }

  private static long age(long lastUse, long now) {
    return now + 1 - (lastUse >>> GROUP_BITS);
  }

  private static int group(long lastUse) {
    return (int) lastUse & (1 << GROUP_BITS) - 1;
  }

  /** Learns from what was seen, if it is time to. */
  void refreshIfDue(long now) {
    if (now < nextRefresh) {
      return;
    }
    nextRefresh = now + period;
    sweep(now);
    for (int group = 0; group < ended.length; group++) {
      rate(group);
      ended[group].fade(fading);
    }
  }

  /** Lets go of what has waited too long, and counts what still waits. */
  private void sweep(long now) {
    for (Spans spans : waiting) {
      spans.clear();
    }
    int kept = 0;
    for (int cell = 0; cell <= cellMask; cell++) {
      long lastUse = lastUses[cell];
      if (lastUse == EMPTY) {
        continue;
      }
      lastUses[cell] = EMPTY;
      long age = age(lastUse, now);
      if (age >= window) {
        count(lastUse, now, false);
        continue;
      }
      waiting[group(lastUse)].add(age, edges, false);
      long key = keys[cell];
      int target = cellOf(spareKeys, spareLastUses, key, Mixing.mix(key));
      spareKeys[target] = key;
      spareLastUses[target] = lastUse;
      kept++;
    }
    sampled = kept;
    long[] emptied = lastUses;
    lastUses = spareLastUses;
    spareLastUses = emptied;
    long[] old = keys;
    keys = spareKeys;
    spareKeys = old;
  }

  private void rate(int group) {
    double older = 0;
    for (int span = edges.length - 1; span >= 0; span--) {
      double width = span + 1 < edges.length ? edges[span + 1] - edges[span] : 0;
      times[span] = older * width + ended[group].excess[span] + waiting[group].excess[span];
      older += ended[group].blocks[span] + waiting[group].blocks[span];
    }
    for (int from = 0; from < edges.length; from++) {
      double uses = 0;
      double time = doubt;
      double best = 0;
      for (int span = from; span < edges.length; span++) {
        uses += ended[group].used[span];
        time += times[span];
        best = Math.max(best, uses / time);
      }
      indices[group][from] = best;
    }
  }

  /** {@return how many uses in a unit of time a block promises at best} */
  double index(int group, long age) {
    return indices[group][span(edges, age)];
  }

  /** {@return a number that changes whenever indices do} */
  long edition() {
    return nextRefresh;
  }

  /** {@return the least age above this one at which an index may differ} */
  long nextAge(long age) {
    int next = span(edges, age) + 1;
    return next < edges.length ? edges[next] : Long.MAX_VALUE / 2;
  }

  private static int span(long[] edges, long age) {
    int low = 0;
    int high = edges.length - 1;
    while (low < high) {
      int middle = low + high + 1 >>> 1;
      if (edges[middle] <= age) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /** What is known of one group, by the age at which a wait ended. */
  private static final class Spans {

    private final double[] blocks;

    /** Time they waited beyond the youngest age of the span. */
    private final double[] excess;

    private final double[] used;

    private Spans(int count) {
      blocks = new double[count];
      excess = new double[count];
      used = new double[count];
    }

    private void add(long age, long[] edges, boolean wasUsed) {
      int span = span(edges, age);
      blocks[span]++;
      excess[span] += age - edges[span];
      used[span] += wasUsed ? 1 : 0;
    }

    private void fade(double factor) {
      for (int span = 0; span < blocks.length; span++) {
        blocks[span] *= factor;
        excess[span] *= factor;
        used[span] *= factor;
      }
    }

    private void clear() {
      Arrays.fill(blocks, 0);
      Arrays.fill(excess, 0);
    }
  }
}
