package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import java.util.Arrays;

/**
 * Slots in groups, each slot in at most one, which gives the oldest of each group: a linked list
 * for those that arrive in order, a heap for the rest.
 *
 * <p>A slot mostly arrives as the newest of its group (it was just used) or as the oldest (it
 * waited until what followed it was evicted) and is put at an end of the list in O(1). Any other
 * would need a search in the list, so it goes into the heap. Every call is therefore O(log n) at
 * worst. What is kept by slot is shared by the groups, so many cost little more than one. Not
 * thread safe.
 */
final class GroupedQueues {

  private static final int NONE = EvictionPolicy.NONE;

  private final SlotLists inOrder;
  private final GroupedHeaps late;

  /** A bit for each group that has slots. */
  private long occupied;

  private long[] orders;

  /** By slot: its group, or {@link #NONE}. */
  private byte[] groups;

  /**
   * @param groupCount how many groups, at most 64
   * @param capacity slots 0 to {@code capacity - 1}
   */
  GroupedQueues(int groupCount, int capacity) {
    inOrder = new SlotLists(groupCount, capacity);
    late = new GroupedHeaps(groupCount, capacity);
    orders = new long[capacity];
    groups = new byte[capacity];
    Arrays.fill(groups, (byte) NONE);
  }

  /** Makes room for more slots; fewer than before change nothing. */
  void grow(int capacity) {
    int before = groups.length;
    if (capacity > before) {
      inOrder.grow(capacity);
      late.grow(capacity);
      orders = Arrays.copyOf(orders, capacity);
      groups = Arrays.copyOf(groups, capacity);
      Arrays.fill(groups, before, capacity, (byte) NONE);
    }
  }

  /** Adds a slot that is in no group. */
  void add(int slot, int group, long order) {
    groups[slot] = (byte) group;
    orders[slot] = order;
    occupied |= 1L << group;
    int last = inOrder.last(group);
    if (last == NONE || order > orders[last]) {
      inOrder.append(group, slot);
    } else if (order < orders[inOrder.first(group)]) {
      inOrder.prepend(group, slot);
    } else {
      late.add(slot, group, order);
    }
  }

  /** Takes a slot out of its group. */
  void remove(int slot) {
    if (inOrder.listOf(slot) == NONE) {
      late.remove(slot);
    } else {
      inOrder.remove(slot);
    }
    int group = groups[slot];
    groups[slot] = NONE;
    if (first(group) == NONE) {
      occupied &= ~(1L << group);
    }
  }

  /** Puts a slot that is in a group into the same or another one, with another order. */
  void move(int slot, int group, long order) {
    if (inOrder.last(group) == slot && order > orders[slot]) {
      orders[slot] = order; // the newest stays it
    } else {
      remove(slot);
      add(slot, group, order);
    }
  }

  /** {@return whether the slot is in a group} */
  boolean contains(int slot) {
    return groups[slot] != NONE;
  }

  /** {@return a bit for each group that has slots, the lowest for the first} */
  long occupied() {
    return occupied;
  }

  /** {@return the slot of a group with the smallest order, or {@link EvictionPolicy#NONE}} */
  int first(int group) {
    int first = inOrder.first(group);
    if (late.size() == 0) {
      return first;
    }
    int lateFirst = late.first(group);
    boolean isLate = lateFirst != NONE && (first == NONE || orders[lateFirst] < orders[first]);
    return isLate ? lateFirst : first;
  }

  /** {@return the order a slot in a group was added with} */
  long order(int slot) {
    return orders[slot];
  }
}
