package io.kvbm.core.policy;

import java.util.Arrays;

/**
 * Slots by order alone: a linked list for those that arrive in order, a heap for the rest.
 *
 * <p>A candidate mostly arrives as the newest of all (it was just inserted or touched) and is then
 * appended to the list in O(1); touching it again moves it to the end in O(1). A candidate with an
 * older order, as a parent that waited for its last child, would need a search in the list, so it
 * goes into the heap in O(log n). The smallest of all is the smaller of the list's first and the
 * heap's first. Every call is therefore O(log n) in the worst case, not only on average: no
 * renumbering and no lazy clean-up can hold the pool's lock for longer.
 */
final class SlotQueue implements CandidateIndex {

  /** Value of {@link #next} for a slot that is not in the list. */
  private static final int UNLINKED = -2;

  private final SlotHeap late;
  private int[] next;
  private int[] previous;
  private long[] orders;
  private int first = NONE;
  private int last = NONE;
  private int linked;

  SlotQueue(int capacity) {
    late = new SlotHeap(capacity);
    next = new int[capacity];
    previous = new int[capacity];
    orders = new long[capacity];
    Arrays.fill(next, UNLINKED);
  }

  @Override
  public void grow(int capacity) {
    int before = next.length;
    if (capacity <= before) {
      return;
    }
    late.grow(capacity);
    next = Arrays.copyOf(next, capacity);
    previous = Arrays.copyOf(previous, capacity);
    orders = Arrays.copyOf(orders, capacity);
    Arrays.fill(next, before, capacity, UNLINKED);
  }

  @Override
  public void add(int slot, int priority, long order) {
    if (last == NONE || order > orders[last]) {
      append(slot, order);
    } else {
      late.add(slot, 0, order);
    }
  }

  @Override
  public void remove(int slot) {
    if (next[slot] == UNLINKED) {
      late.remove(slot);
    } else {
      unlink(slot);
    }
  }

  @Override
  public void renew(int slot, int priority, long order) {
    if (slot == last) {
      orders[slot] = order;
      return;
    }
    remove(slot);
    append(slot, order);
  }

  @Override
  public void reprioritize(int slot, int priority, long order) {
    // Order alone counts here.
  }

  @Override
  public int peek() {
    if (first == NONE || late.size() > 0 && late.firstOrder() < orders[first]) {
      return late.peek();
    }
    return first;
  }

  @Override
  public boolean contains(int slot) {
    return next[slot] != UNLINKED || late.contains(slot);
  }

  @Override
  public int size() {
    return linked + late.size();
  }

  private void append(int slot, long order) {
    orders[slot] = order;
    next[slot] = NONE;
    previous[slot] = last;
    if (last == NONE) {
      first = slot;
    } else {
      next[last] = slot;
    }
    last = slot;
    linked++;
  }

  private void unlink(int slot) {
    int before = previous[slot];
    int after = next[slot];
    if (before == NONE) {
      first = after;
    } else {
      next[before] = after;
    }
    if (after == NONE) {
      last = before;
    } else {
      previous[after] = before;
    }
    next[slot] = UNLINKED;
    linked--;
  }
}
