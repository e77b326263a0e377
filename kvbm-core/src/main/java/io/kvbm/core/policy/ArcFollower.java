package io.kvbm.core.policy;

/**
 * Gives up what {@code arc} would, to which an {@link ArcShadow} over a sample of the tier's blocks
 * leads the way: its share of blocks used once is that of the tier. To which of the two segments a
 * block belongs follows from its uses and from {@link EvictedBlocks}. So the tier needs no second
 * order of its blocks and no second memory of what it evicted. Not thread safe.
 */
final class ArcFollower {

  static final int ONCE = 0;
  static final int AGAIN = 1;

  private ArcShadow leader;
  private EvictedBlocks evicted;
  private final KeptCount kept;
  private int onceCount;
  private int againCount;

  /**
   * @param capacity blocks of the tier
   * @param leader of the sample
   * @param evicted of the tier
   */
  ArcFollower(int capacity, ArcShadow leader, EvictedBlocks evicted) {
    this.leader = leader;
    this.evicted = evicted;
    kept = new KeptCount(capacity);
  }

  void grow(int capacity) {
    kept.grow(capacity);
  }

  /** Goes by another sample and memory from now on; the blocks keep their segments. */
  void follow(ArcShadow newLeader, EvictedBlocks newMemory) {
    leader = newLeader;
    evicted = newMemory;
  }

  /**
   * A block comes.
   *
   * @param remembered what {@link EvictedBlocks} has of it
   * @return its segment
   */
  int insert(long remembered) {
    kept.inserting(onceCount + againCount);
    int segment = isGhost(remembered) ? AGAIN : ONCE;
    count(segment, 1);
    return segment;
  }

  /** Of both segments as many ghosts are remembered as in {@link ArcPolicy}. */
  private boolean isGhost(long remembered) {
    if (remembered == EvictedBlocks.UNKNOWN) {
      return false;
    }
    long room = Math.max(0, kept.get() - onceCount);
    long onceGhosts = Math.min(room, evicted.evictions(ONCE));
    boolean wasOnce = EvictedBlocks.segment(remembered) == ONCE;
    long ghosts = wasOnce ? onceGhosts : kept.get() - onceGhosts;
    return evicted.evictionsSince(remembered) < ghosts;
  }

  /** A block used once was used again. */
  void rise() {
    onceCount--;
    againCount++;
  }

  /** A block of a segment leaves. */
  void leave(int segment) {
    count(segment, -1);
  }

  private void count(int segment, int change) {
    if (segment == ONCE) {
      onceCount += change;
    } else {
      againCount += change;
    }
  }

  /** A block was evicted. */
  void evicted() {
    kept.evicted();
  }

  /** {@return the segment to evict from, where it has a candidate} */
  int victimSegment() {
    return onceCount > leader.targetShare() * kept.get() ? ONCE : AGAIN;
  }
}
