package io.kvbm.core.policy;

/**
 * Evicts from the coldest of four levels, in each level the block whose last use is longest ago.
 *
 * <p>The level of a block follows from its uses, as {@link UseCounts} counts them by key: below 3,
 * below 8, below 15, and more. So a block that comes back after its eviction is as hot as it was.
 * The end of its first use counts, but does not lift a block; each re-use may.
 *
 * <p>All counts are halved whenever the tier has seen two uses for each block it keeps, first uses
 * too, so that a block that was hot once comes down. It is moved when it is the oldest of its
 * level, to be the newest of the level it belongs to now, at most {@value #MAX_MOVES} blocks in
 * each {@link #victim()}; which asked again may therefore answer another block. A block that is no
 * candidate cools down likewise and is moved once it is one.
 *
 * <p>Source: the levels are those of the MultiLRU backend of NVIDIA Dynamo, which has no ageing;
 * lowering by steps is from Y. Zhou, J. F. Philbin, K. Li, The multi-queue replacement algorithm
 * for second level buffer caches, USENIX ATC 2001.
 */
final class MultiLruPolicy extends SegmentedPolicy {

  static final String NAME = "multi-lru";

  private static final int LEVELS = 4;
  private static final int USES_OF_WARM = 3;
  private static final int USES_OF_WARMER = 8;
  private static final int USES_OF_HOT = UseCounts.MAX;
  private static final int MAX_MOVES = 8;
  private static final int USES_PER_BLOCK = 2;

  private final UseCounts uses;

  MultiLruPolicy(int capacity) {
    super(NAME, capacity, LEVELS);
    uses = new UseCounts(capacity, USES_PER_BLOCK);
  }

  /** {@inheritDoc} Where the slots more than double, the counts begin anew. */
  @Override
  public void grow(int capacity) {
    super.grow(capacity);
    uses.grow(capacity);
  }

  @Override
  int admit(int slot, long key) {
    return levelOf(key);
  }

  @Override
  void used(int slot) {
    count(keyOf(slot));
    renew(slot);
  }

  @Override
  void reused(int slot) {
    count(keyOf(slot));
    renewIn(slot, levelOf(keyOf(slot)));
  }

  @Override
  public int victim() {
    lowerCooled();
    for (int level = 0; level < LEVELS; level++) {
      int slot = oldest(level);
      if (slot != NONE) {
        return slot;
      }
    }
    return NONE;
  }

  @Override
  void forgotten(long key, int segment) {}

  /** Moves down the oldest blocks that are in too high a level. */
  private void lowerCooled() {
    int level = LEVELS - 1;
    int moves = 0;
    while (level > 0 && moves < MAX_MOVES) {
      int slot = oldest(level);
      int due = slot == NONE ? level : levelOf(keyOf(slot));
      if (due < level) {
        renewIn(slot, due);
        moves++;
      } else {
        level--;
      }
    }
  }

  private void count(long key) {
    uses.count(key, Math.max(settledCount(), residentCount()));
  }

  private int levelOf(long key) {
    int count = uses.of(key);
    if (count < USES_OF_WARM) {
      return 0;
    }
    if (count < USES_OF_WARMER) {
      return 1;
    }
    return count < USES_OF_HOT ? 2 : 3;
  }
}
