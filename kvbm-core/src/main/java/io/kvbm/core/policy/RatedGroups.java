package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;

/**
 * Candidates in groups, of which the one with the smallest {@link ReuseIndex} is found without
 * looking at all: within a group the one used longest ago stands for the others. A group's index is
 * looked up anew only when its first candidate, the span of its age or what was learnt has changed.
 * Not thread safe.
 */
final class RatedGroups {

  private static final int NONE = EvictionPolicy.NONE;

  private final int groupCount;
  private final ReuseIndex reuse;
  private final AgeSpans spans;
  private final GroupedQueues queues;
  private final double[] ratings;
  private final long[] ratedUses;
  private final long[] ratedUntil;
  private final long[] ratedEditions;

  RatedGroups(int groupCount, int capacity, ReuseIndex reuse) {
    this.groupCount = groupCount;
    this.reuse = reuse;
    spans = reuse.spans();
    queues = new GroupedQueues(groupCount, capacity);
    ratings = new double[groupCount];
    ratedUses = new long[groupCount];
    ratedUntil = new long[groupCount];
    ratedEditions = new long[groupCount];
  }

  void grow(int capacity) {
    queues.grow(capacity);
  }

  /** Adds a slot that is not there. */
  void add(int slot, int group, long lastUse) {
    queues.add(slot, group, lastUse);
  }

  /** Takes a slot out that is there. */
  void remove(int slot) {
    queues.remove(slot);
  }

  /** Puts a slot that is there into a group, by a later use. */
  void move(int slot, int group, long lastUse) {
    queues.move(slot, group, lastUse);
  }

  boolean contains(int slot) {
    return queues.contains(slot);
  }

  /** {@return the slot least likely to be of use soon, or {@link EvictionPolicy#NONE}} */
  int leastPromising(long now) {
    int chosen = NONE;
    double smallest = 0;
    long oldest = 0;
    for (int group = 0; group < groupCount; group++) {
      int first = queues.first(group);
      if (first == NONE) {
        continue;
      }
      long lastUse = queues.order(first);
      double rating = rating(group, lastUse, now);
      if (chosen == NONE || rating < smallest || rating == smallest && lastUse < oldest) {
        chosen = first;
        smallest = rating;
        oldest = lastUse;
      }
    }
    return chosen;
  }

  private double rating(int group, long lastUse, long now) {
    if (ratedUses[group] != lastUse
        || ratedUntil[group] <= now
        || ratedEditions[group] != reuse.edition()) {
      int span = spans.of(now - lastUse);
      ratings[group] = reuse.index(group, span);
      ratedUses[group] = lastUse;
      ratedUntil[group] = lastUse + spans.end(span);
      ratedEditions[group] = reuse.edition();
    }
    return ratings[group];
  }

  /** {@return the slot used longest ago, or {@link EvictionPolicy#NONE}} */
  int oldest() {
    int chosen = NONE;
    for (int group = 0; group < groupCount; group++) {
      int first = queues.first(group);
      if (first != NONE && (chosen == NONE || queues.order(first) < queues.order(chosen))) {
        chosen = first;
      }
    }
    return chosen;
  }
}
