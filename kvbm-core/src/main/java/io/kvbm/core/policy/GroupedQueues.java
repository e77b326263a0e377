package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import java.util.Arrays;

/**
 * Slots in groups, each slot in at most one, which gives the oldest of each group: a linked list
 * for those that arrive in order, a heap for the rest.
 *
 * <p>A slot mostly arrives as the newest of its group (it was just used) or as the oldest (it waited
 * until what followed it was evicted) and is put at an end of the list in O(1). Any other would need
 * a search in the list, so it goes into the heap. Every call is therefore O(log n) at worst. What
 * is kept by slot is shared by the groups, so many cost little more than one. Not thread safe.
 */
final class GroupedQueues {

  private static final int NONE = EvictionPolicy.NONE;

  /** Values of {@link #next} for a slot in no group, and for one in a heap. */
  private static final int ABSENT = -2;

  private static final int LATE = -3;

  private final GroupedHeaps late;
  private final int[] firsts;
  private final int[] lasts;

  /** A bit for each group that has slots. */
  private long occupied;

  private int[] next;
  private int[] previous;
  private long[] orders;
  private byte[] groups;

  /**
   * @param groupCount how many groups, at most 64
   * @param capacity slots 0 to {@code capacity - 1}
   */
  GroupedQueues(int groupCount, int capacity) {
    late = new GroupedHeaps(groupCount, capacity);
    firsts = new int[groupCount];
    lasts = new int[groupCount];
    Arrays.fill(firsts, NONE);
    Arrays.fill(lasts, NONE);
    next = new int[capacity];
    Arrays.fill(next, ABSENT);
    previous = new int[capacity];
    orders = new long[capacity];
    groups = new byte[capacity];
  }

  /** Makes room for more slots; fewer than before change nothing. */
  void grow(int capacity) {
    int before = next.length;
    if (capacity > before) {
      late.grow(capacity);
      next = Arrays.copyOf(next, capacity);
      Arrays.fill(next, before, capacity, ABSENT);
      previous = Arrays.copyOf(previous, capacity);
      orders = Arrays.copyOf(orders, capacity);
      groups = Arrays.copyOf(groups, capacity);
    }
  }

  /** Adds a slot that is in no group. */
  void add(int slot, int group, long order) {
    int last = lasts[group];
    groups[slot] = (byte) group;
    orders[slot] = order;
    occupied |= 1L << group;
    if (last == NONE || order > orders[last]) {
      append(slot, group);
    } else if (order < orders[firsts[group]]) {
      prepend(slot, group);
    } else {
      next[slot] = LATE;
      late.add(slot, group, order);
    }
  }

  private void append(int slot, int group) {
    int last = lasts[group];
    next[slot] = NONE;
    previous[slot] = last;
    if (last == NONE) {
      firsts[group] = slot;
    } else {
      next[last] = slot;
    }
    lasts[group] = slot;
  }

  private void prepend(int slot, int group) {
    int first = firsts[group];
    next[slot] = first;
    previous[slot] = NONE;
    previous[first] = slot;
    firsts[group] = slot;
  }

  /** Takes a slot out of its group. */
  void remove(int slot) {
    int group = groups[slot];
    if (next[slot] == LATE) {
      late.remove(slot);
    } else {
      unlink(slot, group);
    }
    next[slot] = ABSENT;
    if (firsts[group] == NONE && late.first(group) == NONE) {
      occupied &= ~(1L << group);
    }
  }

  private void unlink(int slot, int group) {
    int before = previous[slot];
    int after = next[slot];
    if (before == NONE) {
      firsts[group] = after;
    } else {
      next[before] = after;
    }
    if (after == NONE) {
      lasts[group] = before;
    } else {
      previous[after] = before;
    }
  }

  /** Puts a slot that is in a group into the same or another one, with another order. */
  void move(int slot, int group, long order) {
    if (next[slot] == NONE && groups[slot] == group && order > orders[slot]) {
      orders[slot] = order; // the newest stays it
    } else {
      remove(slot);
      add(slot, group, order);
    }
  }

  /** {@return whether the slot is in a group} */
  boolean contains(int slot) {
    return next[slot] != ABSENT;
  }

  /** {@return a bit for each group that has slots, the lowest for the first} */
  long occupied() {
    return occupied;
  }

  /** {@return the slot of a group with the smallest order, or {@link EvictionPolicy#NONE}} */
  int first(int group) {
    int first = firsts[group];
    int lateFirst = late.first(group);
    boolean isLate = lateFirst != NONE && (first == NONE || orders[lateFirst] < orders[first]);
    return isLate ? lateFirst : first;
  }

  /** {@return the order a slot in a group was added with} */
  long order(int slot) {
    return orders[slot];
  }
}
