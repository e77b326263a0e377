package io.kvbm.core.policy;

/**
 * How often blocks were used lately, by key, resident or not: a {@link FrequencySketch} with room
 * for eight keys a slot that is halved by the uses of a tier.
 *
 * <p>Most uses of a tier are of blocks that it cannot keep. In a sketch with room for its own
 * blocks only, those raise every counter and the estimate of every key. 32 to 64 bytes a slot. The
 * halving is spread over the uses that follow. Not thread safe.
 */
final class UseCounts {

  /** Where counts stop. */
  static final int MAX = FrequencySketch.MAX_FREQUENCY;

  private static final int KEYS_PER_SLOT = 8;
  private static final int MAX_KEYS = 1 << 29;

  /** Uses between two halvings, also of a tier that was emptied and seems to keep nothing. */
  private static final int SHORTEST_PERIOD = 256;

  private final int usesPerBlock;
  private FrequencySketch sketch;
  private int sketchedSlots;
  private long usesSinceHalving;

  /**
   * @param capacity slots of the tier
   * @param usesPerBlock after so many uses for each block of the tier, all counts are halved; at
   *     most 10 times {@value #KEYS_PER_SLOT}, where the sketch does so by itself
   */
  UseCounts(int capacity, int usesPerBlock) {
    this.usesPerBlock = usesPerBlock;
    sketch = sketch(capacity);
    sketchedSlots = capacity;
  }

  private static FrequencySketch sketch(int capacity) {
    return new FrequencySketch((int) Math.min(MAX_KEYS, (long) KEYS_PER_SLOT * capacity));
  }

  /** Makes room for more slots; where they more than double, the counts begin anew. */
  void grow(int capacity) {
    if (capacity / 2 > sketchedSlots) {
      sketch = sketch(capacity);
      sketchedSlots = capacity;
    }
  }

  /**
   * Counts a use.
   *
   * @param key whose use it is
   * @param blocks how many blocks the tier keeps
   */
  void count(long key, int blocks) {
    sketch.increment(key);
    if (++usesSinceHalving >= Math.max(SHORTEST_PERIOD, (long) usesPerBlock * blocks)) {
      usesSinceHalving = 0;
      sketch.age();
    }
  }

  /** Returns how often the key was used lately, at most {@link #MAX}. */
  int of(long key) {
    return sketch.frequency(key);
  }
}
