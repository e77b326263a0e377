package io.kvbm.core.policy;

/**
 * Balances recency and frequency by itself: the adaptive replacement cache.
 *
 * <p>Blocks used once are in one list, blocks used again in another, both by their last use. Each
 * list remembers the keys that were evicted from it. A block that comes back although it was
 * evicted from the first list shows that this list was too short, and one from the second that that
 * one was: the target of the first list moves accordingly, and the block counts as used again.
 *
 * <p>Differs from the source where a pool differs from a cache of pages: the victim is chosen
 * before it is known what will come, several blocks may come or go at once, and the lists are
 * measured with the blocks that are no candidates. What the source calls the size of the cache is
 * the number of blocks that were left after the latest eviction. {@link #victim()} changes nothing.
 *
 * <p>Source: N. Megiddo, D. S. Modha, ARC: a self-tuning, low overhead replacement cache, FAST
 * 2003.
 */
final class ArcPolicy extends SegmentedPolicy {

  static final String NAME = "arc";

  private static final int ONCE = 0;
  private static final int AGAIN = 1;
  private static final int SEGMENTS = 2;

  /** By the segment they were evicted from. */
  private final GhostLists ghosts;

  /** How many blocks used once there should be. */
  private double target;

  ArcPolicy(int capacity) {
    super(NAME, capacity, SEGMENTS);
    ghosts = new GhostLists(SEGMENTS, capacity);
  }

  @Override
  public void grow(int capacity) {
    super.grow(capacity);
    ghosts.limit(capacity);
  }

  @Override
  int admit(int slot, long key) {
    double once = ghosts.size(ONCE);
    double again = ghosts.size(AGAIN);
    switch (ghosts.remove(key)) {
      case ONCE -> target = Math.min(settledCount(), target + Math.max(1.0, again / once));
      case AGAIN -> target = Math.max(0, target - Math.max(1.0, once / again));
      default -> {
        return ONCE;
      }
    }
    return AGAIN;
  }

  @Override
  void reused(int slot) {
    renewIn(slot, AGAIN);
  }

  @Override
  public int victim() {
    int once = oldest(ONCE);
    int again = oldest(AGAIN);
    if (once == NONE) {
      return again;
    }
    return again == NONE || residentCount(ONCE) > target ? once : again;
  }

  @Override
  void forgotten(long key, int segment) {
    ghosts.add(segment, key);
    ghosts.trim(ONCE, settledCount() - residentCount(ONCE));
    ghosts.trim(AGAIN, settledCount() - ghosts.size(ONCE));
  }

  /** Returns how many blocks used once there should be. */
  double target() {
    return target;
  }
}
