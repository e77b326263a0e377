package io.kvbm.core.policy;

/**
 * Remembers of evicted blocks at which turn of their conversation they came: a table of fixed size
 * in which a new entry takes the place of one of four others. What it forgets is a conversation
 * that seems to begin anew. Not thread safe.
 *
 * <p>An entry is 64 bits: 56 of the key and 8 of the turn. Two keys that agree in 56 bits and
 * the bucket are taken for one, which costs a wrong guess and nothing else.
 */
final class TurnMemory {

  /** What is answered for a key that is not remembered. */
  static final int UNKNOWN = 0;

  private static final int WAYS = 4;
  private static final int TURN_MASK = 0xFF;
  private static final int MOST_BUCKETS = 1 << 20;

  private final long[] entries;
  private final int bucketMask;
  private int replaced;

  /**
   * @param expected how many keys it should hold, more or less
   */
  TurnMemory(int expected) {
    int buckets = Math.min(MOST_BUCKETS, Math.max(1, Integer.highestOneBit(expected) / WAYS * 2));
    entries = new long[buckets * WAYS];
    bucketMask = buckets - 1;
  }

  /** {@return the turn of a key, which has no pattern, or {@link #UNKNOWN}} */
  int turn(long key) {
    int bucket = bucket(key);
    for (int way = 0; way < WAYS; way++) {
      long entry = entries[bucket + way];
      if (isOf(entry, key)) {
        return (int) (entry & TURN_MASK);
      }
    }
    return UNKNOWN;
  }

  /** Remembers the turn of a key, 1 to 255. */
  void remember(long key, int turn) {
    int bucket = bucket(key);
    int chosen = bucket + (replaced++ & WAYS - 1);
    for (int way = 0; way < WAYS; way++) {
      long entry = entries[bucket + way];
      if (isOf(entry, key)) {
        chosen = bucket + way;
        break;
      }
      if (entry == 0) {
        chosen = bucket + way;
      }
    }
    entries[chosen] = key & ~TURN_MASK | turn;
  }

  private static boolean isOf(long entry, long key) {
    return ((entry ^ key) & ~TURN_MASK) == 0 && (entry & TURN_MASK) != 0;
  }

  private int bucket(long key) {
    return (int) (key >>> 40 & bucketMask) * WAYS;
  }
}
