package io.kvbm.core.policy;

/**
 * The keys of blocks that were evicted, the latest of them, without their contents: one or several
 * first-in, first-out lists of 64-bit keys, a key in one of them at most, in which any key is found
 * and taken out in O(1).
 *
 * <p>Room is made when it is needed, up to the limit: about 30 bytes for each key that was ever
 * remembered at one time. Not thread safe.
 */
final class GhostLists {

  /** What {@link #remove} answers for a key that is in no list. */
  static final int NONE = SlotLists.NONE;

  private static final int SMALLEST = 16;

  private final int listCount;
  private int limit;

  /** Nodes by their keys. */
  private final KeyTable table = new KeyTable(SMALLEST);

  /** The lists of nodes, and one more of those that are free. */
  private final SlotLists nodes;

  private int usedNodes;

  /**
   * @param listCount how many lists, at most 126
   * @param limit how many keys each remembers, at least 0
   */
  GhostLists(int listCount, int limit) {
    this.listCount = listCount;
    this.limit = limit;
    nodes = new SlotLists(listCount + 1, SMALLEST);
  }

  int size(int list) {
    return nodes.size(list);
  }

  /** Changes how many keys each list remembers; the oldest that are too many are forgotten. */
  void limit(int newLimit) {
    limit = newLimit;
    for (int list = 0; list < listCount; list++) {
      trim(list, newLimit);
    }
  }

  /** Forgets the oldest keys of a list until at most so many are left. */
  void trim(int list, int newSize) {
    while (nodes.size(list) > Math.max(0, newSize)) {
      forget(nodes.first(list));
    }
  }

  /** Puts a key into a list as its newest; the oldest is forgotten if there would be too many. */
  void add(int list, long key) {
    remove(key);
    if (limit > 0) {
      trim(list, limit - 1);
      int node = takeNode();
      table.put(node, key);
      nodes.append(list, node);
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
    int list = nodes.listOf(node);
    forget(node);
    return list;
  }

  private void forget(int node) {
    table.remove(node);
    nodes.moveToEnd(listCount, node);
  }

  private int takeNode() {
    int free = nodes.last(listCount);
    if (free != NONE) {
      nodes.remove(free);
      return free;
    }
    if (usedNodes == nodes.capacity()) {
      table.grow(2 * usedNodes);
      nodes.grow(2 * usedNodes);
    }
    return usedNodes++;
  }
}
