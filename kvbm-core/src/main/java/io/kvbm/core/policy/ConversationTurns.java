package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import java.util.Arrays;

/**
 * Knows of each resident block at which turn of its conversation it came, how many blocks follow it
 * and which turn it was last used for.
 *
 * <p>A conversation sends all it has so far and something new with each turn, so a request's new
 * blocks follow blocks of the turn before. A block that follows none, or one that came with the
 * same request, has its parent's turn; one that follows a block whose first use had ended when it
 * came has the next turn. A use that ends at a block of turn {@code n} is a use for turn {@code n}
 * of every block before it: blocks that end together are told the last of them first, and each
 * hands the turn to its parent.
 *
 * <p>Time is whatever the caller counts, and never goes back. Each call is O(1) amortised, but for
 * a link between two chains, which is O(length). Not thread safe.
 */
final class ConversationTurns {

  /** The highest turn told apart. */
  static final int LAST_TURN = 127;

  private static final int NONE = EvictionPolicy.NONE;

  /** Turn of a block whose first use has not ended. */
  private static final byte UNRESOLVED = 0;

  /** First use of a block that was resident before. */
  private static final long LONG_AGO = -1;

  private static final long NOT_YET = Long.MAX_VALUE;

  private final BlockTree tree;
  private long[] arrivals;
  private long[] firstUses;
  private byte[] turns;

  /** The turn a use that ended at a child was for, until the parent is told of its end. */
  private byte[] handed;

  private int[] chain = new int[64];

  ConversationTurns(int capacity) {
    tree = new BlockTree(capacity);
    arrivals = new long[capacity];
    firstUses = new long[capacity];
    turns = new byte[capacity];
    handed = new byte[capacity];
  }

  void grow(int capacity) {
    if (capacity > arrivals.length) {
      tree.grow(capacity);
      arrivals = Arrays.copyOf(arrivals, capacity);
      firstUses = Arrays.copyOf(firstUses, capacity);
      turns = Arrays.copyOf(turns, capacity);
      handed = Arrays.copyOf(handed, capacity);
    }
  }

  /**
   * A block came.
   *
   * @param slot its slot
   * @param parent the slot of the block before it, or {@link EvictionPolicy#NONE}
   * @param remembered the turn it had when it left, or 0
   * @param now the time
   */
  void enter(int slot, int parent, int remembered, long now) {
    tree.enter(slot);
    arrivals[slot] = now;
    firstUses[slot] = remembered == UNRESOLVED ? NOT_YET : LONG_AGO;
    turns[slot] = (byte) remembered;
    handed[slot] = UNRESOLVED;
    if (parent != NONE) {
      link(slot, parent);
    }
  }

  /** The block before a resident one came after it; a parent that would close a circle is none. */
  void link(int slot, int parent) {
    if (!hasParent(slot) && !tree.isBefore(slot, parent)) {
      tree.attach(slot, parent);
    }
  }

  /**
   * A block leaves.
   *
   * @return the slot of its parent if nothing follows that one any more, else {@link
   *     EvictionPolicy#NONE}
   */
  int leave(int slot) {
    return tree.leave(slot);
  }

  /** {@return whether a resident block follows this one} */
  boolean isFollowed(int slot) {
    return tree.isFollowed(slot);
  }

  /** {@return whether this one follows a resident block} */
  boolean hasParent(int slot) {
    return tree.parentOf(slot) != NONE;
  }

  /** {@return the turn at which a resident block came, or 0 if its first use has not ended} */
  int turn(int slot) {
    return turns[slot];
  }

  /**
   * A use of a block ended.
   *
   * @return the turn it was used for, 1 to {@link #LAST_TURN}
   */
  int use(int slot, long now) {
    resolve(slot);
    if (firstUses[slot] == NOT_YET) {
      firstUses[slot] = now;
    }
    byte turn = handed[slot] == UNRESOLVED ? turns[slot] : handed[slot];
    handed[slot] = UNRESOLVED;
    int parent = tree.parentOf(slot);
    if (parent != NONE) {
      handed[parent] = turn;
    }
    return turn;
  }

  /** Gives a block, and those before it that have none, their turns. */
  private void resolve(int slot) {
    int length = 0;
    int at = slot;
    while (at != NONE && turns[at] == UNRESOLVED) {
      if (length == chain.length) {
        chain = Arrays.copyOf(chain, 2 * length);
      }
      chain[length++] = at;
      turns[at] = 1;
      at = tree.parentOf(at);
    }
    for (int i = length - 1; i >= 0; i--) {
      int block = chain[i];
      int parent = tree.parentOf(block);
      if (parent != NONE) {
        int later = firstUses[parent] <= arrivals[block] ? 1 : 0;
        turns[block] = (byte) Math.min(LAST_TURN, turns[parent] + later);
      }
    }
  }
}
