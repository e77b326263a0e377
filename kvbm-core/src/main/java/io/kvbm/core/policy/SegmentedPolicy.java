package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import java.util.Arrays;

/**
 * Keeps each resident block in one of a few segments, and each segment's candidates in order.
 *
 * <p>A subclass says into which segment a new block goes, what a re-use does to it, and which
 * segment's oldest candidate is the victim. The first touch after an insert is the end of the use
 * the block came for: it renews the block and counts as no re-use. A block that is no candidate
 * keeps its segment and its order, and counts for the size of its segment; sizes of segments are
 * therefore those of their resident blocks, and a share is a share of all resident blocks, which
 * holds for a pool of sixteen blocks as for one of millions.
 *
 * <p>Segments are numbered from 0. Priorities are not looked at. Not thread safe.
 */
abstract class SegmentedPolicy implements EvictionPolicy {

  private final String name;
  private final SlotOrders orders;
  private final GroupedQueues candidates;
  private final int[] residentCounts;
  private final KeptCount kept;
  private int candidateCount;
  private byte[] segments;
  private boolean[] unused;
  private long[] keys;

  /**
   * @param name the policy's name
   * @param capacity slots of the tier
   * @param segmentCount how many segments there are, at most 127
   */
  SegmentedPolicy(String name, int capacity, int segmentCount) {
    this.name = name;
    kept = new KeptCount(capacity);
    orders = new SlotOrders(name, capacity);
    candidates = new GroupedQueues(segmentCount, capacity);
    residentCounts = new int[segmentCount];
    segments = new byte[capacity];
    unused = new boolean[capacity];
    keys = new long[capacity];
  }

  // ---- what a policy decides ----

  /** Returns the segment into which a block goes that is about to become resident. */
  abstract int admit(int slot, long key);

  /** The use a block was inserted for ended. Makes it the newest unless overridden. */
  void used(int slot) {
    renew(slot);
  }

  /** A resident block was used again. */
  abstract void reused(int slot);

  /** A resident block is about to be a candidate again. Does nothing unless overridden. */
  void offering(int slot) {}

  /** A block of the segment was evicted; it is not resident any more. */
  abstract void forgotten(long key, int segment);

  // ---- what it is told ----

  @Override
  public final String name() {
    return name;
  }

  @Override
  public void grow(int capacity) {
    orders.grow(capacity);
    kept.grow(capacity);
    candidates.grow(capacity);
    segments = Arrays.copyOf(segments, capacity);
    unused = Arrays.copyOf(unused, capacity);
    keys = Arrays.copyOf(keys, capacity);
  }

  @Override
  public final void insert(int slot, long key, int parent, int priority) {
    int before = orders.residentCount();
    orders.enter(slot);
    kept.inserting(before);
    int segment = admit(slot, key);
    segments[slot] = (byte) segment;
    residentCounts[segment]++;
    unused[slot] = true;
    keys[slot] = key;
    inserted(slot);
  }

  /** A block was inserted and is where {@link #admit} said. Does nothing unless overridden. */
  void inserted(int slot) {}

  @Override
  public final void touch(int slot) {
    orders.requireResident(slot);
    if (unused[slot]) {
      unused[slot] = false;
      used(slot);
    } else {
      reused(slot);
    }
  }

  @Override
  public final void prioritize(int slot, int priority) {
    orders.requireResident(slot);
  }

  @Override
  public final void offer(int slot) {
    orders.requireResident(slot);
    if (!isCandidate(slot)) {
      offering(slot);
      candidates.add(slot, segments[slot], orders.of(slot));
      candidateCount++;
    }
  }

  @Override
  public final void withdraw(int slot) {
    orders.requireResident(slot);
    if (isCandidate(slot)) {
      candidates.remove(slot);
      candidateCount--;
    }
  }

  @Override
  public final void remove(int slot) {
    withdraw(slot);
    orders.leave(slot);
    residentCounts[segments[slot]]--;
  }

  @Override
  public final void evicted(int slot) {
    remove(slot);
    kept.evicted();
    forgotten(keys[slot], segments[slot]);
  }

  @Override
  public final int candidateCount() {
    return candidateCount;
  }

  // ---- what it may use ----

  /** Returns how many slots the tier has. */
  final int capacity() {
    return orders.capacity();
  }

  /** Returns how many blocks the tier keeps; see {@link KeptCount}. */
  final int settledCount() {
    return kept.get();
  }

  /** Returns how many blocks are resident. */
  final int residentCount() {
    return orders.residentCount();
  }

  /** Returns how many blocks of the segment are resident. */
  final int residentCount(int segment) {
    return residentCounts[segment];
  }

  /** Returns the segment of a resident slot. */
  final int segmentOf(int slot) {
    return segments[slot];
  }

  /** Returns the key of a resident slot. */
  final long keyOf(int slot) {
    return keys[slot];
  }

  /** Returns the oldest candidate of the segment, or {@link #NONE}. */
  final int oldest(int segment) {
    return candidates.first(segment);
  }

  /** Makes a resident slot the newest of its segment. */
  final void renew(int slot) {
    long order = orders.renew(slot);
    if (isCandidate(slot)) {
      candidates.move(slot, segments[slot], order);
    }
  }

  /** Puts a resident slot into a segment as its newest. */
  final void renewIn(int slot, int segment) {
    if (segments[slot] == segment) {
      renew(slot);
    } else {
      orders.renew(slot);
      move(slot, segment);
    }
  }

  /** Puts a resident slot into another segment, where it is as old as it was. */
  final void move(int slot, int segment) {
    int before = segments[slot];
    if (isCandidate(slot)) {
      candidates.move(slot, segment, orders.of(slot));
    }
    segments[slot] = (byte) segment;
    residentCounts[before]--;
    residentCounts[segment]++;
  }

  final boolean isCandidate(int slot) {
    return candidates.contains(slot);
  }
}
