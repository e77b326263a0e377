package io.kvbm.core.policy;

import java.util.Arrays;
import org.agrona.collections.Long2LongHashMap;

/**
 * A small cache of keys alone, run beside a tier over a sample of its blocks to see how a policy
 * does. Not thread safe.
 */
abstract class ShadowCache {

  private static final long ABSENT = -1;

  private final int capacity;
  private final long[] keys;
  private final int[] free;
  private final Long2LongHashMap slots;
  private int freeCount;

  ShadowCache(int capacity) {
    this.capacity = capacity;
    keys = new long[capacity + 1]; // one more, as a policy chooses when the new block is there
    free = new int[capacity + 1];
    Arrays.setAll(free, slot -> capacity - slot);
    freeCount = capacity + 1;
    slots = new Long2LongHashMap(2 * capacity + 2, 0.6f, ABSENT);
  }

  /**
   * A block of the sample was used.
   *
   * @param key the block
   * @param group the group it is in from now on
   * @param now the time
   * @return whether the cache had it
   */
  boolean use(long key, int group, long now) {
    int slot = (int) slots.get(key);
    if (slot != ABSENT) {
      touched(slot, group, now);
      return true;
    }
    slot = free[--freeCount];
    keys[slot] = key;
    slots.put(key, slot);
    entered(slot, key, group, now);
    if (slots.size() > capacity) {
      int victim = evict(now);
      slots.remove(keys[victim]);
      free[freeCount++] = victim;
    }
    return false;
  }

  /** A block came and was used. */
  abstract void entered(int slot, long key, int group, long now);

  /** A block was used. */
  abstract void touched(int slot, int group, long now);

  /** Evicts a block and returns its slot. */
  abstract int evict(long now);
}
