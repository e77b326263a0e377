package io.kvbm.cli.replay;

import java.util.Iterator;
import java.util.LinkedHashSet;

/**
 * One least-recently-used cache, written to be obviously right: what tiers that add up should find.
 */
final class UnionLru {

  private final int capacity;

  /** The least recently used first. */
  private final LinkedHashSet<Long> blocks = new LinkedHashSet<>();

  UnionLru(int capacity) {
    this.capacity = capacity;
  }

  /** Serves a request; returns the length of its longest prefix that was there. */
  int serve(long[] request) {
    int hits = 0;
    while (hits < request.length && blocks.contains(request[hits])) {
      hits++;
    }
    for (int i = request.length - 1; i >= 0; i--) {
      blocks.remove(request[i]);
      blocks.add(request[i]);
    }
    Iterator<Long> oldest = blocks.iterator();
    while (blocks.size() > capacity) {
      oldest.next();
      oldest.remove();
    }
    return hits;
  }
}
