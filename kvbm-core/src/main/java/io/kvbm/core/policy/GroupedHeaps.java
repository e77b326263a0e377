package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import java.util.Arrays;

/**
 * Slots in groups, each slot in at most one: a 4-ary min-heap by order for each group, which gives
 * the group's oldest. The heaps share what is kept by slot, so many groups cost little more than
 * one. Every call is O(log n). Not thread safe.
 */
final class GroupedHeaps {

  private static final int NONE = EvictionPolicy.NONE;
  private static final int FAN_OUT = 4;
  private static final int LEAST_ROOM = 16;

  private final int[][] heaps;
  private final int[] sizes;
  private long[] orders;
  private int[] positions;
  private byte[] groups;
  private int size;

  /**
   * @param groupCount how many groups, at most 128
   * @param capacity slots 0 to {@code capacity - 1}
   */
  GroupedHeaps(int groupCount, int capacity) {
    heaps = new int[groupCount][LEAST_ROOM];
    sizes = new int[groupCount];
    orders = new long[capacity];
    positions = new int[capacity];
    groups = new byte[capacity];
    Arrays.fill(positions, NONE);
  }

  /** Makes room for more slots; fewer than before change nothing. */
  void grow(int capacity) {
    int before = positions.length;
    if (capacity > before) {
      orders = Arrays.copyOf(orders, capacity);
      positions = Arrays.copyOf(positions, capacity);
      groups = Arrays.copyOf(groups, capacity);
      Arrays.fill(positions, before, capacity, NONE);
    }
  }

  /** Adds a slot that is in no group. */
  void add(int slot, int group, long order) {
    int position = sizes[group]++;
    if (position == heaps[group].length) {
      heaps[group] = Arrays.copyOf(heaps[group], 2 * position);
    }
    orders[slot] = order;
    groups[slot] = (byte) group;
    siftUp(heaps[group], position, slot);
    size++;
  }

  /** Takes a slot out of its group. */
  void remove(int slot) {
    int group = groups[slot];
    int[] heap = heaps[group];
    int position = positions[slot];
    int last = heap[--sizes[group]];
    positions[slot] = NONE;
    size--;
    if (last != slot) {
      siftUp(heap, position, last);
      siftDown(heap, sizes[group], positions[last], last);
    }
  }

  /** {@return whether the slot is in a group} */
  boolean contains(int slot) {
    return positions[slot] != NONE;
  }

  /** {@return the slot of a group with the smallest order, or {@link EvictionPolicy#NONE}} */
  int first(int group) {
    return sizes[group] == 0 ? NONE : heaps[group][0];
  }

  /** {@return the order a slot in a group was added with} */
  long order(int slot) {
    return orders[slot];
  }

  /** {@return how many slots are in groups} */
  int size() {
    return size;
  }

  private void siftUp(int[] heap, int from, int slot) {
    long order = orders[slot];
    int position = from;
    while (position > 0) {
      int parent = (position - 1) / FAN_OUT;
      if (orders[heap[parent]] <= order) {
        break;
      }
      put(heap, position, heap[parent]);
      position = parent;
    }
    put(heap, position, slot);
  }

  private void siftDown(int[] heap, int end, int from, int slot) {
    long order = orders[slot];
    int position = from;
    while (true) {
      int smallest = smallestChild(heap, end, position);
      if (smallest == NONE || orders[heap[smallest]] >= order) {
        break;
      }
      put(heap, position, heap[smallest]);
      position = smallest;
    }
    put(heap, position, slot);
  }

  private int smallestChild(int[] heap, int end, int position) {
    int child = FAN_OUT * position + 1;
    if (child >= end) {
      return NONE;
    }
    int smallest = child;
    for (int other = child + 1; other < Math.min(child + FAN_OUT, end); other++) {
      if (orders[heap[other]] < orders[heap[smallest]]) {
        smallest = other;
      }
    }
    return smallest;
  }

  private void put(int[] heap, int position, int slot) {
    heap[position] = slot;
    positions[slot] = position;
  }
}
