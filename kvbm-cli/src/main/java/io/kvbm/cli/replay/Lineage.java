package io.kvbm.cli.replay;

import io.kvbm.cli.trace.Trace;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.LongHashSet;

/**
 * Which blocks of a trace always follow the same block. Only those may name it as their parent: a
 * pool keeps the parents of a block that is in use, and a block with several would keep some that
 * the request at hand does not use, until the request finds no room.
 */
final class Lineage {

  private static final long UNSEEN = -1;

  private final Trace trace;

  /**
   * Of each hash, its first mention: the request in the upper half, the place in the request in the
   * lower.
   */
  private final Long2LongHashMap firstMentions = new Long2LongHashMap(UNSEEN);

  private final LongHashSet ambiguous = new LongHashSet();

  private Lineage(Trace trace) {
    this.trace = trace;
  }

  static Lineage of(Trace trace) {
    Lineage lineage = new Lineage(trace);
    for (int request = 0; request < trace.requestCount(); request++) {
      for (int place = 0; place < trace.blockCount(request); place++) {
        lineage.see(request, place);
      }
    }
    lineage.firstMentions.clear();
    lineage.firstMentions.compact();
    return lineage;
  }

  /**
   * Returns whether every mention of the block follows the same block, or every one begins a
   * request.
   */
  boolean hasOneParent(long hash) {
    return !ambiguous.contains(hash);
  }

  private void see(int request, int place) {
    long hash = trace.hash(request, place);
    long first = firstMentions.get(hash);
    if (first == UNSEEN) {
      firstMentions.put(hash, (long) request << Integer.SIZE | place);
    } else if (!followSame((int) (first >> Integer.SIZE), (int) first, request, place)) {
      ambiguous.add(hash);
    }
  }

  private boolean followSame(int request, int place, int otherRequest, int otherPlace) {
    if (place == 0 || otherPlace == 0) {
      return place == otherPlace;
    }
    return trace.hash(request, place - 1) == trace.hash(otherRequest, otherPlace - 1);
  }
}
