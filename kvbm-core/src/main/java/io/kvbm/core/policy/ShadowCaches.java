package io.kvbm.core.policy;

import java.util.Arrays;

/**
 * Several {@link ShadowCache}s over the same sample of a tier's blocks, each as large beside its
 * sample as the tier is beside all. A key is looked up once for all of them: it has the same slot
 * in each that keeps it. Not thread safe.
 */
final class ShadowCaches {

  /** A shadow keeps at least so many blocks, if the tier does. */
  private static final int LEAST_CAPACITY = 256;

  /** The sample is drawn by other bits of the key than those of {@link ReuseIndex}. */
  private static final int SAMPLE_SHIFT = 32;

  private final ShadowCache[] shadows;
  private final long sampleMask;
  private final int capacity;
  private final int[] sizes;
  private final KeyTable slots;

  /** By slot: a bit for each shadow that keeps the block. */
  private final byte[] keepers;

  /** By slot: a bit for each shadow that evicted the block and has not forgotten it. */
  private final byte[] ghosts;

  private final int[] free;
  private int freeCount;

  /**
   * @param tierCapacity blocks of the tier
   * @param shadows at most 7, each with room for {@link #slotCount} slots
   */
  ShadowCaches(int tierCapacity, ShadowCache... shadows) {
    this.shadows = shadows;
    sampleMask = samplesOneOf(tierCapacity) - 1;
    capacity = capacity(tierCapacity);
    sizes = new int[shadows.length];
    int slotCount = slotCount(tierCapacity, shadows.length);
    slots = new KeyTable(slotCount);
    keepers = new byte[slotCount];
    ghosts = new byte[slotCount];
    free = new int[slotCount];
    Arrays.setAll(free, i -> slotCount - 1 - i);
    freeCount = slotCount;
  }

  private static long samplesOneOf(int tierCapacity) {
    return Integer.highestOneBit(Math.max(1, tierCapacity / LEAST_CAPACITY));
  }

  /** {@return how many blocks each shadow of a tier of so many keeps} */
  static int capacity(int tierCapacity) {
    return (int) Math.max(1, tierCapacity / samplesOneOf(tierCapacity));
  }

  /** {@return how many slots there are for so many shadows of a tier of so many blocks} */
  static int slotCount(int tierCapacity, int shadowCount) {
    // As many ghosts as blocks, and one more in each, which evicts when the new block is there.
    return 2 * shadowCount * (capacity(tierCapacity) + 1);
  }

  /** {@return whether a block is in the sample} */
  boolean isSampled(long key) {
    return (key >>> SAMPLE_SHIFT & sampleMask) == 0;
  }

  /**
   * A block of the sample was used.
   *
   * @param key the block, by 64 bits without a pattern
   * @param group the group it is in from now on
   * @param now the time
   * @return a bit for each shadow that had it, the lowest for the first
   */
  int use(long key, int group, long now) {
    int slot = slots.find(key);
    if (slot == KeyTable.NONE) {
      slot = free[--freeCount];
      slots.put(slot, key);
    }
    int had = keepers[slot];
    keepers[slot] = (byte) ((1 << shadows.length) - 1);
    ghosts[slot] = 0;
    for (int i = 0; i < shadows.length; i++) {
      if ((had >>> i & 1) != 0) {
        shadows[i].touched(slot, group, now);
      } else {
        shadows[i].entered(slot, group, now);
        if (++sizes[i] > capacity) {
          sizes[i]--;
          evict(i, now);
        }
      }
    }
    return had;
  }

  private void evict(int i, long now) {
    ShadowCache shadow = shadows[i];
    int bit = 1 << i;
    int victim = shadow.evict(now);
    keepers[victim] &= (byte) ~bit;
    if (shadow.hasGhosts()) {
      ghosts[victim] |= (byte) bit;
      for (int slot = shadow.forget(); slot != ShadowCache.NONE; slot = shadow.forget()) {
        ghosts[slot] &= (byte) ~bit;
        releaseIfUnknown(slot);
      }
    } else {
      releaseIfUnknown(victim);
    }
  }

  private void releaseIfUnknown(int slot) {
    if ((keepers[slot] | ghosts[slot]) == 0) {
      slots.remove(slot);
      free[freeCount++] = slot;
    }
  }
}
