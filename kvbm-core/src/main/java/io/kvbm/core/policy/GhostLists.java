package io.kvbm.core.policy;

import java.util.Arrays;

/**
 * The keys of blocks that were evicted, the latest of them, without their contents: one or several
 * first-in, first-out lists of 64-bit keys, a key in one of them at most, in which any key is found
 * and taken out in O(1).
 *
 * <p>A {@link KeyTable} names the nodes of linked lists. Room is made when it is needed, up to the
 * limit: about 30 bytes for each key that was ever remembered at one time. Not thread safe.
 */
final class GhostLists {

  /** What {@link #remove} answers for a key that is in no list. */
  static final int NONE = -1;

  private static final int SMALLEST = 16;

  private final int[] sizes;
  private final int[] oldest;
  private final int[] newest;
  private int limit;

  /** Nodes by their keys. */
  private final KeyTable table = new KeyTable(SMALLEST);

  /** By node: its neighbours and its list; free nodes hang together by {@link #next}. */
  private int[] next = new int[SMALLEST];

  private int[] previous = new int[SMALLEST];
  private byte[] lists = new byte[SMALLEST];
  private int firstFree = NONE;
  private int usedNodes;

  /**
   * @param listCount how many lists, at most 127
   * @param limit how many keys each remembers, at least 0
   */
  GhostLists(int listCount, int limit) {
    this.limit = limit;
    sizes = new int[listCount];
    oldest = new int[listCount];
    newest = new int[listCount];
    Arrays.fill(oldest, NONE);
    Arrays.fill(newest, NONE);
  }

  int size(int list) {
    return sizes[list];
  }

  /** Changes how many keys each list remembers; the oldest that are too many are forgotten. */
  void limit(int newLimit) {
    limit = newLimit;
    for (int list = 0; list < sizes.length; list++) {
      trim(list, newLimit);
    }
  }

  /** Forgets the oldest keys of a list until at most so many are left. */
  void trim(int list, int newSize) {
    while (sizes[list] > Math.max(0, newSize)) {
      forget(oldest[list]);
    }
  }

  /** Puts a key into a list as its newest; the oldest is forgotten if there would be too many. */
  void add(int list, long key) {
    remove(key);
    if (limit > 0) {
      trim(list, limit - 1);
      int node = takeNode();
      table.put(node, key);
      append(node, list);
    }
  }

  boolean contains(long key) {
    return table.find(key) != KeyTable.NONE;
  }

  /** Forgets a key and returns the list it was in, or {@link #NONE}. */
  int remove(long key) {
    int node = table.find(key);
    if (node == KeyTable.NONE) {
      return NONE;
    }
    forget(node);
    return lists[node];
  }

  private void forget(int node) {
    table.remove(node);
    unlink(node);
    next[node] = firstFree;
    firstFree = node;
  }

  private int takeNode() {
    if (firstFree != NONE) {
      int node = firstFree;
      firstFree = next[node];
      return node;
    }
    if (usedNodes == next.length) {
      enlarge(2 * usedNodes);
    }
    return usedNodes++;
  }

  /** All nodes are in use. */
  private void enlarge(int nodes) {
    table.grow(nodes);
    next = Arrays.copyOf(next, nodes);
    previous = Arrays.copyOf(previous, nodes);
    lists = Arrays.copyOf(lists, nodes);
  }

  private void append(int node, int list) {
    int last = newest[list];
    lists[node] = (byte) list;
    next[node] = NONE;
    previous[node] = last;
    if (last == NONE) {
      oldest[list] = node;
    } else {
      next[last] = node;
    }
    newest[list] = node;
    sizes[list]++;
  }

  private void unlink(int node) {
    int list = lists[node];
    int before = previous[node];
    int after = next[node];
    if (before == NONE) {
      oldest[list] = after;
    } else {
      next[before] = after;
    }
    if (after == NONE) {
      newest[list] = before;
    } else {
      previous[after] = before;
    }
    sizes[list]--;
  }
}
