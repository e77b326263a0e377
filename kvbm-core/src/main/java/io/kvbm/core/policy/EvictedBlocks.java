package io.kvbm.core.policy;

import java.util.Arrays;

/**
 * Remembers of evicted blocks at which turn of their conversation they came, whether they had been
 * used again, and roughly when they left: a table of fixed size in which a new entry takes the
 * place of one of four others. What it forgets is a conversation that seems to begin anew. Not
 * thread safe.
 *
 * <p>An entry is 64 bits: 48 of the key, 8 of the time, one for the segment and 7 of the turn. Two
 * keys that agree in 48 bits and the bucket are taken for one, which costs a wrong guess and
 * nothing else. Keys are without a pattern.
 */
final class EvictedBlocks {

  /** What is answered for a key that is not remembered. */
  static final long UNKNOWN = 0;

  private static final int WAYS = 4;
  private static final int MOST_BUCKETS = 1 << 20;
  private static final int REMEMBERED_CAPACITIES = 4;

  private static final int TURN_MASK = 0x7F;
  private static final int SEGMENT_SHIFT = 7;
  private static final int TIME_SHIFT = 8;
  private static final int TIME_MASK = 0xFF;
  private static final long KEY_MASK = -1L << 16;

  /** Time goes round in {@link #TIME_MASK} steps, after more evictions than are remembered. */
  private static final int STEPS_PER_CAPACITY = 16;

  private final long[] entries;
  private final int bucketMask;
  private final int evictionsPerStep;

  /** By segment: all evictions, the steps of time they make, and when the next step is due. */
  private final long[] evictions = new long[2];

  private final int[] steps = new int[2];
  private final long[] nextSteps = new long[2];
  private int replaced;

  /**
   * @param capacity blocks of the tier
   */
  EvictedBlocks(int capacity) {
    int expected = (int) Math.min(Integer.MAX_VALUE, (long) REMEMBERED_CAPACITIES * capacity);
    int buckets =
        Math.min(MOST_BUCKETS, Math.max(1, Integer.highestOneBit(expected - 1) / WAYS * 2));
    entries = new long[buckets * WAYS];
    bucketMask = buckets - 1;
    evictionsPerStep = Math.ceilDiv(capacity, STEPS_PER_CAPACITY);
    Arrays.fill(nextSteps, evictionsPerStep);
  }

  /** {@return what is remembered of a key, or {@link #UNKNOWN}} */
  long find(long key) {
    int bucket = bucket(key);
    for (int way = 0; way < WAYS; way++) {
      long entry = entries[bucket + way];
      if (isOf(entry, key)) {
        return entry;
      }
    }
    return UNKNOWN;
  }

  /** {@return the turn of an entry; 0 for {@link #UNKNOWN}} */
  static int turn(long entry) {
    return (int) entry & TURN_MASK;
  }

  /** {@return the segment of an entry, 0 or 1} */
  static int segment(long entry) {
    return (int) (entry >>> SEGMENT_SHIFT) & 1;
  }

  /** {@return how many blocks of a segment were ever evicted} */
  long evictions(int segment) {
    return evictions[segment];
  }

  /** {@return about how many blocks of its segment were evicted since the entry was made} */
  long evictionsSince(long entry) {
    long passed = steps[segment(entry)] - (entry >>> TIME_SHIFT) & TIME_MASK;
    return passed * evictionsPerStep;
  }

  /** Remembers a key; its turn is 1 to 127 and its segment 0 or 1. */
  void remember(long key, int turn, int segment) {
    if (++evictions[segment] == nextSteps[segment]) {
      nextSteps[segment] += evictionsPerStep; // no division for each eviction
      steps[segment]++;
    }
    int bucket = bucket(key);
    int chosen = bucket + (replaced++ & WAYS - 1);
    for (int way = 0; way < WAYS; way++) {
      long entry = entries[bucket + way];
      if (isOf(entry, key)) {
        chosen = bucket + way;
        break;
      }
      if (entry == UNKNOWN) {
        chosen = bucket + way;
      }
    }
    long time = steps[segment] & TIME_MASK;
    entries[chosen] = key & KEY_MASK | time << TIME_SHIFT | (long) segment << SEGMENT_SHIFT | turn;
  }

  private static boolean isOf(long entry, long key) {
    return ((entry ^ key) & KEY_MASK) == 0 && entry != UNKNOWN;
  }

  private int bucket(long key) {
    return (int) (key >>> 40 & bucketMask) * WAYS;
  }
}
