package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import java.util.Arrays;

/**
 * Which resident block follows which. A block is known by its slot and its tenancy there, so a
 * parent that left is not mistaken for what took its slot; children may come before their parents,
 * and a block that leaves before its children leaves them without a parent. Nothing is recursive.
 *
 * <p>Each call is O(1) but {@link #isBefore}, which is O(length of the sequence). Not thread safe.
 */
final class BlockTree {

  private static final int NONE = EvictionPolicy.NONE;

  private int[] parents;
  private int[] childCounts;

  /** By slot: how often a block came or left there. */
  private int[] tenancies;

  /** By slot: the tenancy its parent had. */
  private int[] parentTenancies;

  BlockTree(int capacity) {
    parents = new int[capacity];
    childCounts = new int[capacity];
    tenancies = new int[capacity];
    parentTenancies = new int[capacity];
  }

  /** Makes room for more slots; fewer than before change nothing. */
  void grow(int capacity) {
    if (capacity > parents.length) {
      parents = Arrays.copyOf(parents, capacity);
      childCounts = Arrays.copyOf(childCounts, capacity);
      tenancies = Arrays.copyOf(tenancies, capacity);
      parentTenancies = Arrays.copyOf(parentTenancies, capacity);
    }
  }

  /** A block came, which follows none and is followed by none yet. */
  void enter(int slot) {
    parents[slot] = NONE;
    childCounts[slot] = 0;
    tenancies[slot]++;
  }

  /** A resident block that has no parent follows another one, before which it is not. */
  void attach(int slot, int parent) {
    parents[slot] = parent;
    parentTenancies[slot] = tenancies[parent];
    childCounts[parent]++;
  }

  /**
   * A resident block follows none any more.
   *
   * @return the slot of its parent if that one is not followed any more, else {@link
   *     EvictionPolicy#NONE}
   */
  int detach(int slot) {
    int parent = parentOf(slot);
    parents[slot] = NONE;
    return parent != NONE && --childCounts[parent] == 0 ? parent : NONE;
  }

  /**
   * A block leaves.
   *
   * @return as {@link #detach}
   */
  int leave(int slot) {
    tenancies[slot]++;
    return detach(slot);
  }

  /** {@return the slot of the block before a resident one, or {@link EvictionPolicy#NONE}} */
  int parentOf(int slot) {
    int parent = parents[slot];
    return parent != NONE && tenancies[parent] == parentTenancies[slot] ? parent : NONE;
  }

  /** {@return whether a resident block follows this one} */
  boolean isFollowed(int slot) {
    return childCounts[slot] > 0;
  }

  /** {@return whether a resident block is another one or comes somewhere before it} */
  boolean isBefore(int slot, int other) {
    if (slot == other || !isFollowed(slot)) {
      return slot == other;
    }
    int at = other;
    while (at != NONE && at != slot) {
      at = parentOf(at);
    }
    return at == slot;
  }
}
