package io.kvbm.core.policy;

import java.util.Arrays;

/**
 * The keys of blocks that were evicted, the latest of them, without their contents: a first-in,
 * first-out memory of 64-bit keys in which any key is found and taken out in O(1).
 *
 * <p>A table of open addresses names the nodes of a linked list. Room is made when it is needed, up
 * to the limit: about 30 bytes for each key that was ever remembered at one time. Not thread safe.
 */
final class GhostList {

  private static final int NONE = -1;
  private static final int SMALLEST = 16;
  private static final long MIXER = 0x9E37_79B9_7F4A_7C15L;

  private int limit;
  private int size;

  /** By node: its key and its neighbours; free nodes hang together by {@link #next}. */
  private long[] keys = new long[SMALLEST];

  private int[] next = new int[SMALLEST];
  private int[] previous = new int[SMALLEST];
  private int oldest = NONE;
  private int newest = NONE;
  private int firstFree = NONE;
  private int usedNodes;

  /** Nodes by the hash of their key, at most half of it full; its length is a power of two. */
  private int[] table = new int[2 * SMALLEST];

  /**
   * @param limit how many keys are remembered, at least 0
   */
  GhostList(int limit) {
    this.limit = limit;
    Arrays.fill(table, NONE);
  }

  int size() {
    return size;
  }

  /** Changes how many keys are remembered; the oldest that are too many are forgotten. */
  void limit(int newLimit) {
    limit = newLimit;
    trim(newLimit);
  }

  /** Forgets the oldest keys until at most so many are left. */
  void trim(int newSize) {
    while (size > Math.max(0, newSize)) {
      remove(keys[oldest]);
    }
  }

  /** Remembers a key as the newest; the oldest is forgotten where there would be too many. */
  void add(long key) {
    remove(key);
    if (limit == 0) {
      return;
    }
    trim(limit - 1);
    int node = takeNode();
    keys[node] = key;
    append(node);
    enter(node);
    size++;
  }

  boolean contains(long key) {
    return table[find(key)] != NONE;
  }

  /** Forgets a key and returns whether it was known. */
  boolean remove(long key) {
    int cell = find(key);
    int node = table[cell];
    if (node == NONE) {
      return false;
    }
    closeGap(cell);
    unlink(node);
    next[node] = firstFree;
    firstFree = node;
    size--;
    return true;
  }

  private int takeNode() {
    if (firstFree != NONE) {
      int node = firstFree;
      firstFree = next[node];
      return node;
    }
    if (usedNodes == keys.length) {
      enlarge(2 * usedNodes);
    }
    return usedNodes++;
  }

  /** All nodes are in use. */
  private void enlarge(int nodes) {
    keys = Arrays.copyOf(keys, nodes);
    next = Arrays.copyOf(next, nodes);
    previous = Arrays.copyOf(previous, nodes);
    table = new int[2 * nodes];
    Arrays.fill(table, NONE);
    for (int node = oldest; node != NONE; node = next[node]) {
      enter(node);
    }
  }

  private void enter(int node) {
    table[find(keys[node])] = node;
  }

  private void append(int node) {
    next[node] = NONE;
    previous[node] = newest;
    if (newest == NONE) {
      oldest = node;
    } else {
      next[newest] = node;
    }
    newest = node;
  }

  private void unlink(int node) {
    int before = previous[node];
    int after = next[node];
    if (before == NONE) {
      oldest = after;
    } else {
      next[before] = after;
    }
    if (after == NONE) {
      newest = before;
    } else {
      previous[after] = before;
    }
  }

  /** Returns the cell of the key, or the free one where it would go. */
  private int find(long key) {
    int mask = table.length - 1;
    int cell = home(key);
    while (table[cell] != NONE && keys[table[cell]] != key) {
      cell = cell + 1 & mask;
    }
    return cell;
  }

  /** Empties a cell and moves back what was put behind it for want of room. */
  private void closeGap(int cell) {
    int mask = table.length - 1;
    int gap = cell;
    table[gap] = NONE;
    for (int i = gap + 1 & mask; table[i] != NONE; i = i + 1 & mask) {
      int distance = i - home(keys[table[i]]) & mask;
      if (distance >= (i - gap & mask)) {
        table[gap] = table[i];
        table[i] = NONE;
        gap = i;
      }
    }
  }

  private int home(long key) {
    long mixed = (key ^ key >>> 32) * MIXER;
    return (int) (mixed >>> Long.SIZE - Integer.numberOfTrailingZeros(table.length));
  }
}
