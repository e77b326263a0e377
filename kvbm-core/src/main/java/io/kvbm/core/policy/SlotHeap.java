package io.kvbm.core.policy;

import java.util.Arrays;

/**
 * A 4-ary min-heap of slots by (priority, order) that knows where each slot is, so that any slot
 * can be taken out or moved in O(log n). Keys lie beside the slots in heap order: a sift reads
 * neighbours instead of following slots.
 *
 * <p>Four children rather than two halve the depth, and a slot that is renewed sinks from where it
 * is: three quarters of all slots are leaves, so the average renewal moves next to nothing.
 */
final class SlotHeap implements CandidateIndex {

  private static final int ABSENT = -1;
  private static final int FAN_OUT = 4;

  private int[] slots;
  private int[] priorities;
  private long[] orders;
  private int[] positions;
  private int size;

  SlotHeap(int capacity) {
    slots = new int[capacity];
    priorities = new int[capacity];
    orders = new long[capacity];
    positions = new int[capacity];
    Arrays.fill(positions, ABSENT);
  }

  @Override
  public void grow(int capacity) {
    int before = positions.length;
    if (capacity <= before) {
      return;
    }
    slots = Arrays.copyOf(slots, capacity);
    priorities = Arrays.copyOf(priorities, capacity);
    orders = Arrays.copyOf(orders, capacity);
    positions = Arrays.copyOf(positions, capacity);
    Arrays.fill(positions, before, capacity, ABSENT);
  }

  @Override
  public void add(int slot, int priority, long order) {
    siftUp(size++, slot, priority, order);
  }

  @Override
  public void remove(int slot) {
    removeAt(positions[slot]);
  }

  @Override
  public void renew(int slot, int priority, long order) {
    siftDown(positions[slot], slot, priority, order);
  }

  @Override
  public void reprioritize(int slot, int priority, long order) {
    place(positions[slot], slot, priority, order);
  }

  @Override
  public int peek() {
    return size == 0 ? NONE : slots[0];
  }

  @Override
  public boolean contains(int slot) {
    return positions[slot] != ABSENT;
  }

  @Override
  public int size() {
    return size;
  }

  /** Returns the order of the smallest slot; the heap is not empty. */
  long firstOrder() {
    return orders[0];
  }

  private void removeAt(int position) {
    positions[slots[position]] = ABSENT;
    int last = --size;
    if (position != last) {
      place(position, slots[last], priorities[last], orders[last]);
    }
  }

  /** Puts a slot where the heap has a hole, or near it. */
  private void place(int hole, int slot, int priority, long order) {
    if (hole > 0 && isBefore(priority, order, (hole - 1) / FAN_OUT)) {
      siftUp(hole, slot, priority, order);
    } else {
      siftDown(hole, slot, priority, order);
    }
  }

  private void siftUp(int from, int slot, int priority, long order) {
    int hole = from;
    while (hole > 0) {
      int parent = (hole - 1) / FAN_OUT;
      if (!isBefore(priority, order, parent)) {
        break;
      }
      move(parent, hole);
      hole = parent;
    }
    set(hole, slot, priority, order);
  }

  private void siftDown(int from, int slot, int priority, long order) {
    int hole = from;
    for (int first = FAN_OUT * hole + 1; first < size; first = FAN_OUT * hole + 1) {
      int child = smallestChild(first);
      if (isBefore(priority, order, child)) {
        break;
      }
      move(child, hole);
      hole = child;
    }
    set(hole, slot, priority, order);
  }

  private int smallestChild(int first) {
    int smallest = first;
    int end = Math.min(first + FAN_OUT, size);
    for (int child = first + 1; child < end; child++) {
      if (isBefore(priorities[child], orders[child], smallest)) {
        smallest = child;
      }
    }
    return smallest;
  }

  private boolean isBefore(int priority, long order, int position) {
    int other = priorities[position];
    return priority < other || priority == other && order < orders[position];
  }

  private void move(int source, int target) {
    set(target, slots[source], priorities[source], orders[source]);
  }

  private void set(int position, int slot, int priority, long order) {
    slots[position] = slot;
    priorities[position] = priority;
    orders[position] = order;
    positions[slot] = position;
  }
}
