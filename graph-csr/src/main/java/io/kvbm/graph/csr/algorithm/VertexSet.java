package io.kvbm.graph.csr.algorithm;

import org.jspecify.annotations.Nullable;

/** Vertices that were seen: a hash table while they are few, a bit for each vertex from then on. */
final class VertexSet {

  private static final int FIRST_CAPACITY = 64;
  private static final int MULTIPLIER = 0x9E3779B9;

  private final int vertexCount;
  private int[] slots = new int[FIRST_CAPACITY]; // a vertex and 1, or 0
  private int size;
  private long @Nullable [] bits;

  VertexSet(int vertexCount) {
    this.vertexCount = vertexCount;
  }

  /** {@return whether it was not there before} */
  boolean add(int vertex) {
    long[] words = bits;
    if (words != null) {
      long bit = 1L << vertex;
      boolean added = (words[vertex >>> 6] & bit) == 0;
      words[vertex >>> 6] |= bit;
      return added;
    }
    if (!put(vertex)) {
      return false;
    }
    if (++size > slots.length / 2) {
      grow();
    }
    return true;
  }

  private boolean put(int vertex) {
    int mask = slots.length - 1;
    int slot = vertex * MULTIPLIER >>> Integer.numberOfLeadingZeros(mask);
    while (slots[slot] != 0) {
      if (slots[slot] == vertex + 1) {
        return false;
      }
      slot = slot + 1 & mask;
    }
    slots[slot] = vertex + 1;
    return true;
  }

  private void grow() {
    int[] old = slots;
    if (old.length >= vertexCount / Long.SIZE) {
      long[] words = new long[(vertexCount >>> 6) + 1];
      for (int item : old) {
        if (item != 0) {
          words[item - 1 >>> 6] |= 1L << item - 1;
        }
      }
      bits = words;
      slots = new int[0];
      return;
    }
    slots = new int[old.length * 2];
    for (int item : old) {
      if (item != 0) {
        put(item - 1);
      }
    }
  }
}
