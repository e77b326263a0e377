package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import java.util.Arrays;

/**
 * Linked lists of slots, each slot in one of them at most. Every call but {@link #grow} is O(1);
 * all lists share what is kept by slot, nine bytes. Not thread safe.
 */
final class SlotLists {

  /** No slot, or no list. */
  static final int NONE = EvictionPolicy.NONE;

  private final int[] firsts;
  private final int[] lasts;
  private final int[] sizes;
  private int[] next;
  private int[] previous;
  private byte[] lists;

  /**
   * @param listCount how many lists, at most 127
   * @param capacity slots 0 to {@code capacity - 1}
   */
  SlotLists(int listCount, int capacity) {
    firsts = new int[listCount];
    lasts = new int[listCount];
    sizes = new int[listCount];
    Arrays.fill(firsts, NONE);
    Arrays.fill(lasts, NONE);
    next = new int[capacity];
    previous = new int[capacity];
    lists = new byte[capacity];
    Arrays.fill(lists, (byte) NONE);
  }

  /** Makes room for more slots; fewer than before change nothing. */
  void grow(int capacity) {
    int before = lists.length;
    if (capacity > before) {
      next = Arrays.copyOf(next, capacity);
      previous = Arrays.copyOf(previous, capacity);
      lists = Arrays.copyOf(lists, capacity);
      Arrays.fill(lists, before, capacity, (byte) NONE);
    }
  }

  /** {@return how many slots there is room for} */
  int capacity() {
    return lists.length;
  }

  /** {@return the list a slot is in, or {@link #NONE}} */
  int listOf(int slot) {
    return lists[slot];
  }

  /** {@return the first slot of a list, or {@link #NONE}} */
  int first(int list) {
    return firsts[list];
  }

  /** {@return the last slot of a list, or {@link #NONE}} */
  int last(int list) {
    return lasts[list];
  }

  /** {@return how many slots are in a list} */
  int size(int list) {
    return sizes[list];
  }

  /** Puts a slot that is in no list at the end of one. */
  void append(int list, int slot) {
    int last = lasts[list];
    next[slot] = NONE;
    previous[slot] = last;
    if (last == NONE) {
      firsts[list] = slot;
    } else {
      next[last] = slot;
    }
    lasts[list] = slot;
    lists[slot] = (byte) list;
    sizes[list]++;
  }

  /** Puts a slot that is in no list at the front of one. */
  void prepend(int list, int slot) {
    int first = firsts[list];
    next[slot] = first;
    previous[slot] = NONE;
    if (first == NONE) {
      lasts[list] = slot;
    } else {
      previous[first] = slot;
    }
    firsts[list] = slot;
    lists[slot] = (byte) list;
    sizes[list]++;
  }

  /** Takes a slot out of the list it is in. */
  void remove(int slot) {
    int list = lists[slot];
    int before = previous[slot];
    int after = next[slot];
    if (before == NONE) {
      firsts[list] = after;
    } else {
      next[before] = after;
    }
    if (after == NONE) {
      lasts[list] = before;
    } else {
      previous[after] = before;
    }
    lists[slot] = NONE;
    sizes[list]--;
  }

  /** Puts a slot that is in a list at the end of the same or another one. */
  void moveToEnd(int list, int slot) {
    if (lasts[list] != slot) {
      remove(slot);
      append(list, slot);
    }
  }
}
