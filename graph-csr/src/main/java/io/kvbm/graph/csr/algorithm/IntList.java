package io.kvbm.graph.csr.algorithm;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import java.util.Arrays;

/** A list of ints that grows. */
final class IntList {

  private static final int FIRST_CAPACITY = 64;
  private static final int MOST = Integer.MAX_VALUE - 8;

  /**
   * The items; those from {@link #size} on mean nothing. Another array after the list has grown.
   */
  int[] values = {};

  int size;

  void clear() {
    size = 0;
  }

  int size() {
    return size;
  }

  int get(int index) {
    return values[index];
  }

  void set(int index, int item) {
    values[index] = item;
  }

  void add(int item) {
    if (size == values.length) {
      reserve(1);
    }
    values[size++] = item;
  }

  void addAll(IntList other) {
    if (values.length - size < other.size) {
      reserve(other.size);
    }
    System.arraycopy(other.values, 0, values, size, other.size);
    size += other.size;
  }

  void sort(int from, int to) {
    Arrays.sort(values, from, to);
  }

  int[] copy(int from, int to) {
    return Arrays.copyOfRange(values, from, to);
  }

  private void reserve(int more) {
    values = Arrays.copyOf(values, capacityFor((long) size + more, values.length));
  }

  /** {@return twice as much, or the most there is} */
  static int capacityAfter(int capacity) {
    return capacityFor(capacity + 1L, capacity);
  }

  private static int capacityFor(long needed, int capacity) {
    if (needed > MOST) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED, "no room for more than %d".formatted(MOST), needed, MOST);
    }
    return (int) Math.min(MOST, Math.max(Math.max(FIRST_CAPACITY, needed), 2L * capacity));
  }
}
