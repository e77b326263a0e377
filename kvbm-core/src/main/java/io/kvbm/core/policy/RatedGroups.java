package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import java.util.Arrays;

/**
 * Candidates in groups, of which the one with the smallest {@link ReuseIndex} is found without
 * looking at all: within a group the one used longest ago stands for the others. A group's index is
 * looked up anew only when the span of that one's age or what was learnt has changed.
 *
 * <p>Each group is kept in one or several parts, so that the oldest of a part is found as well. Not
 * thread safe.
 */
final class RatedGroups {

  private static final int NONE = EvictionPolicy.NONE;

  private final int groupCount;
  private final int partCount;

  /** Bits of the queues of the first part, and of those of the first group. */
  private final long wholePart;

  private final long everyPart;

  private ReuseIndex reuse;
  private AgeSpans spans;

  /** Of each part its groups in a row. */
  private final GroupedQueues queues;

  private final double[] ratings;

  /** By group: the ages for which its rating holds. */
  private final long[] ratedFrom;

  private final long[] ratedTo;
  private long ratedEdition;

  /**
   * @param groupCount groups of the index
   * @param partCount parts of each; no more than 64 of all
   * @param capacity slots 0 to {@code capacity - 1}
   * @param reuse the index
   */
  RatedGroups(int groupCount, int partCount, int capacity, ReuseIndex reuse) {
    this.groupCount = groupCount;
    this.partCount = partCount;
    wholePart = -1L >>> Long.SIZE - groupCount;
    everyPart = everyPart(groupCount, partCount);
    this.reuse = reuse;
    spans = reuse.spans();
    queues = new GroupedQueues(partCount * groupCount, capacity);
    ratings = new double[groupCount];
    ratedFrom = new long[groupCount];
    ratedTo = new long[groupCount];
  }

  private static long everyPart(int groupCount, int partCount) {
    long bits = 0;
    for (int part = 0; part < partCount; part++) {
      bits |= 1L << part * groupCount;
    }
    return bits;
  }

  void grow(int capacity) {
    queues.grow(capacity);
  }

  /** Goes by another index of as many groups from now on; every slot stays where it is. */
  void rateBy(ReuseIndex index) {
    reuse = index;
    spans = index.spans();
    ratedEdition = index.edition();
    Arrays.fill(ratedTo, 0);
  }

  /** Adds a slot that is not there. */
  void add(int slot, int group, int part, long lastUse) {
    queues.add(slot, part * groupCount + group, lastUse);
  }

  /** Takes a slot out that is there. */
  void remove(int slot) {
    queues.remove(slot);
  }

  /** Puts a slot that is there into a group and part, by a later use. */
  void move(int slot, int group, int part, long lastUse) {
    queues.move(slot, part * groupCount + group, lastUse);
  }

  boolean contains(int slot) {
    return queues.contains(slot);
  }

  /** {@return the slot least likely to be of use soon, or {@link EvictionPolicy#NONE}} */
  int leastPromising(long now) {
    if (ratedEdition != reuse.edition()) {
      ratedEdition = reuse.edition();
      Arrays.fill(ratedTo, 0);
    }
    int chosen = NONE;
    double smallest = 0;
    long oldest = 0;
    for (long rest = occupiedGroups(); rest != 0; rest &= rest - 1) {
      int group = Long.numberOfTrailingZeros(rest);
      int first = oldest(queues.occupied() & everyPart << group);
      long lastUse = queues.order(first);
      double rating = rating(group, now - lastUse);
      if (chosen == NONE || rating < smallest || rating == smallest && lastUse < oldest) {
        chosen = first;
        smallest = rating;
        oldest = lastUse;
      }
    }
    return chosen;
  }

  private long occupiedGroups() {
    long occupied = queues.occupied();
    long groups = occupied;
    for (int part = 1; part < partCount; part++) {
      groups |= occupied >>> part * groupCount;
    }
    return groups & wholePart;
  }

  private double rating(int group, long age) {
    if (age < ratedFrom[group] || age >= ratedTo[group]) {
      int span = spans.of(age);
      ratings[group] = reuse.index(group, span);
      ratedFrom[group] = spans.start(span);
      ratedTo[group] = spans.end(span);
    }
    return ratings[group];
  }

  /** {@return the slot used longest ago, or {@link EvictionPolicy#NONE}} */
  int oldest() {
    return oldest(queues.occupied());
  }

  /** {@return the slot of a part used longest ago, or {@link EvictionPolicy#NONE}} */
  int oldestOf(int part) {
    return oldest(queues.occupied() & wholePart << part * groupCount);
  }

  /** Of the first slots of some queues, given as bits. */
  private int oldest(long among) {
    int chosen = NONE;
    for (long rest = among; rest != 0; rest &= rest - 1) {
      int first = queues.first(Long.numberOfTrailingZeros(rest));
      if (chosen == NONE || queues.order(first) < queues.order(chosen)) {
        chosen = first;
      }
    }
    return chosen;
  }
}
