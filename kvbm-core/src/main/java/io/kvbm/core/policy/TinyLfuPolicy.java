package io.kvbm.core.policy;

/**
 * Keeps the block that was asked for more often, whether it was resident then or not: W-TinyLFU.
 *
 * <p>New blocks enter a window. Once it has its share, its oldest block challenges the oldest of
 * the main part: the one with fewer {@link UseCounts} is the victim, among equals the challenger.
 * The main part has a segment on probation and one, of four fifths of it, for blocks used again
 * there. {@link WindowClimber} moves the share of the window to where more uses are hits. All
 * segments are by last use.
 *
 * <p>{@link #victim()} changes nothing. The challenger takes its place in the main part when that
 * loses a block, or when one is inserted and the main part is short of its share. A block that is
 * no candidate stays in its segment, and counts for it, until it is one.
 *
 * <p>Source: G. Einziger, R. Friedman, B. Manes, TinyLFU: a highly efficient cache admission
 * policy, ACM Transactions on Storage 2017; the climbing: G. Einziger, O. Eytan, R. Friedman, B.
 * Manes, Adaptive software cache management, Middleware 2018.
 */
final class TinyLfuPolicy extends SegmentedPolicy {

  static final String NAME = "tinylfu";

  private static final int WINDOW = 0;
  private static final int PROBATION = 1;
  private static final int PROTECTED = 2;
  private static final int SEGMENTS = 3;
  private static final double PROTECTED_SHARE = 0.8;

  /** Counts are halved after so many uses for each block of the tier. */
  private static final int USES_PER_BLOCK = 4;

  /** Blocks moved for one that came: one keeps up, two catch up. */
  private static final int MAX_MOVES = 2;

  private final WindowClimber climber = new WindowClimber();
  private final UseCounts uses;

  TinyLfuPolicy(int capacity) {
    super(NAME, capacity, SEGMENTS);
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
    return WINDOW;
  }

  @Override
  void inserted(int slot) {
    int moves = 0;
    while (moves < MAX_MOVES && mainCount() < settledCount() - windowTarget() && advance()) {
      moves++;
    }
  }

  @Override
  void used(int slot) {
    count(slot, false);
    renew(slot);
  }

  @Override
  void reused(int slot) {
    count(slot, true);
    if (segmentOf(slot) == WINDOW) {
      renew(slot);
    } else {
      renewIn(slot, PROTECTED);
      lowerProtected();
    }
  }

  @Override
  public int victim() {
    int challenger = oldest(WINDOW);
    int incumbent = oldest(PROBATION) == NONE ? oldest(PROTECTED) : oldest(PROBATION);
    if (challenger == NONE || incumbent == NONE) {
      return challenger == NONE ? incumbent : challenger;
    }
    // A window that has its share is over it with the block for which there must be room.
    boolean challenged = residentCount(WINDOW) >= windowTarget();
    return challenged && frequency(challenger) <= frequency(incumbent) ? challenger : incumbent;
  }

  @Override
  void forgotten(long key, int segment) {
    if (segment != WINDOW) {
      advance();
    }
  }

  private void count(int slot, boolean hit) {
    uses.count(keyOf(slot), settledCount());
    climber.record(hit, settledCount());
  }

  private int frequency(int slot) {
    return uses.of(keyOf(slot));
  }

  /** Moves the oldest of the window to the main part if the window is over its share. */
  private boolean advance() {
    int slot = oldest(WINDOW);
    if (slot == NONE || !isWindowOver()) {
      return false;
    }
    renewIn(slot, PROBATION);
    return true;
  }

  private void lowerProtected() {
    for (int moves = 0; moves < MAX_MOVES; moves++) {
      int slot = oldest(PROTECTED);
      if (slot == NONE || residentCount(PROTECTED) <= PROTECTED_SHARE * mainCount()) {
        return;
      }
      renewIn(slot, PROBATION);
    }
  }

  private int mainCount() {
    return residentCount() - residentCount(WINDOW);
  }

  private boolean isWindowOver() {
    return residentCount(WINDOW) > windowTarget();
  }

  private double windowTarget() {
    return Math.max(1, climber.share() * residentCount());
  }
}
