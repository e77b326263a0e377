package io.kvbm.graph.csr.algorithm;

import java.util.Arrays;

/** Vertices by distance, the nearest first; four below each, which touches fewer cache lines. */
final class DistanceHeap {

  private static final int FIRST_CAPACITY = 64;
  private static final int WAYS = 4;

  private long[] distances = new long[FIRST_CAPACITY];
  private int[] vertices = new int[FIRST_CAPACITY];
  private int size;

  void clear() {
    size = 0;
  }

  boolean isEmpty() {
    return size == 0;
  }

  long nearest() {
    return distances[0];
  }

  void push(long distance, int vertex) {
    if (size == vertices.length) {
      int capacity = IntList.capacityAfter(size);
      distances = Arrays.copyOf(distances, capacity);
      vertices = Arrays.copyOf(vertices, capacity);
    }
    int at = size++;
    while (at > 0) {
      int above = (at - 1) / WAYS;
      if (distances[above] <= distance) {
        break;
      }
      distances[at] = distances[above];
      vertices[at] = vertices[above];
      at = above;
    }
    distances[at] = distance;
    vertices[at] = vertex;
  }

  /** {@return the vertex of the nearest entry, which is taken out} */
  int pop() {
    int popped = vertices[0];
    long distance = distances[--size];
    int vertex = vertices[size];
    int at = 0;
    while (true) {
      int first = at * WAYS + 1;
      if (first >= size || first < 0) {
        break;
      }
      int least = first;
      int end = Math.min(first + WAYS, size);
      for (int i = first + 1; i < end; i++) {
        if (distances[i] < distances[least]) {
          least = i;
        }
      }
      if (distances[least] >= distance) {
        break;
      }
      distances[at] = distances[least];
      vertices[at] = vertices[least];
      at = least;
    }
    distances[at] = distance;
    vertices[at] = vertex;
    return popped;
  }
}
