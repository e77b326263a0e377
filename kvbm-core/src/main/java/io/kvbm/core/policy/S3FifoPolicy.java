package io.kvbm.core.policy;

import java.util.Arrays;

/**
 * Lets new blocks pass quickly: three queues, each first in, first out.
 *
 * <p>A new block enters a small queue, a tenth of all. At its end it leaves, unless it was used
 * again: then it moves to the main queue. There a block that was used again goes round once for
 * each such use, three at most. The keys of blocks that left from the small queue are remembered,
 * as many as the main queue has blocks; one that comes back goes to the main queue at once.
 *
 * <p>The moves that are due are made when a victim is asked for, at most one for each re-use before
 * it; {@link #victim()} asked again answers the same. A block that is no candidate is not moved,
 * but forgets one use for each round that the main queue made without it.
 *
 * <p>Source: J. Yang et al., FIFO queues are all you need for cache eviction, SOSP 2023.
 */
final class S3FifoPolicy extends SegmentedPolicy {

  static final String NAME = "s3fifo";

  private static final int SMALL = 0;
  private static final int MAIN = 1;
  private static final int SEGMENTS = 2;
  private static final int MAX_USES = 3;

  /** The small queue has one block in so many. */
  private static final int SMALL_PART = 10;

  private final GhostLists ghosts;

  /** By slot: re-uses that are not yet spent. */
  private byte[] uses;

  /** By slot: what {@link #passes} was when the block was last at the start of the main queue. */
  private long[] passed;

  /** How many blocks came to the end of the main queue. */
  private long passes;

  S3FifoPolicy(int capacity) {
    super(NAME, capacity, SEGMENTS);
    ghosts = new GhostLists(1, ghostLimit(capacity));
    uses = new byte[capacity];
    passed = new long[capacity];
  }

  @Override
  public void grow(int capacity) {
    super.grow(capacity);
    ghosts.limit(ghostLimit(capacity));
    uses = Arrays.copyOf(uses, capacity);
    passed = Arrays.copyOf(passed, capacity);
  }

  private static int ghostLimit(int capacity) {
    return capacity - capacity / SMALL_PART;
  }

  @Override
  int admit(int slot, long key) {
    uses[slot] = 0;
    passed[slot] = passes;
    return ghosts.remove(key) == GhostLists.NONE ? SMALL : MAIN;
  }

  /** The order is that of arrival. */
  @Override
  void used(int slot) {}

  @Override
  void reused(int slot) {
    if (!isCandidate(slot)) {
      forgetRounds(slot);
    }
    uses[slot] = (byte) Math.min(MAX_USES, uses[slot] + 1);
  }

  @Override
  void offering(int slot) {
    forgetRounds(slot);
  }

  @Override
  public int victim() {
    while (true) {
      int main = oldest(MAIN);
      int slot = main == NONE || isSmallFull() ? oldest(SMALL) : main;
      if (slot == NONE) {
        slot = main;
      }
      if (slot == NONE || uses[slot] == 0) {
        return slot;
      }
      pass(slot);
    }
  }

  private boolean isSmallFull() {
    return (long) SMALL_PART * residentCount(SMALL) >= residentCount();
  }

  /** Spends a use, or all if that brings the block into the main queue. */
  private void pass(int slot) {
    if (segmentOf(slot) == MAIN) {
      uses[slot]--;
      passes++;
    } else {
      uses[slot] = 0;
    }
    passed[slot] = passes;
    renewIn(slot, MAIN);
  }

  @Override
  void forgotten(long key, int segment) {
    if (segment == SMALL) {
      ghosts.add(0, key);
    } else {
      passes++;
    }
  }

  /** A round is as many passes as the queue has blocks; what was begun of one is kept. */
  private void forgetRounds(int slot) {
    if (segmentOf(slot) == MAIN) {
      int length = residentCount(MAIN);
      long rounds = (passes - passed[slot]) / length;
      uses[slot] = (byte) Math.max(0, uses[slot] - rounds);
      passed[slot] += rounds * length;
    }
  }
}
