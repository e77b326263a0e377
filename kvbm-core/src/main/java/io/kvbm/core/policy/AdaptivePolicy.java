package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import java.util.Arrays;

/**
 * Evicts the block that is least likely to be used again soon, as far as the tier's own past tells,
 * and falls back to ARC or LRU where these would do better.
 *
 * <p>Blocks are put into groups by the turn of the conversation they were last used for, in
 * octaves, and by whether a block follows them or they follow one: the last, partly filled block of
 * a prompt is almost never asked for again, unlike a prompt of one block, and a conversation that
 * has gone on for many turns mostly goes on. {@link ReuseIndex} learns what each group promises by
 * its age. Nothing is assumed of the traffic: while nothing is known, all groups are equal and the
 * block used longest ago goes. {@link ShadowContest} watches whether the choice by index has as
 * many hits as {@code lru} and {@code arc} would have, and hands over to the one that leads.
 *
 * <p>What is learnt is measured in the capacity it was learnt for. A tier that keeps more than
 * twice as many blocks as then is learnt anew, with memories and shadows of the new size; until it
 * has been, the block used longest ago goes, as at the start.
 *
 * <p>Only blocks that no resident block follows are given up, so a prefix is evicted from its end
 * even where every block is offered. Priorities are not looked at. All calls are O(log n) or
 * better, amortised.
 */
final class AdaptivePolicy implements EvictionPolicy {

  static final String NAME = "adaptive";

  /** Ways to choose, in the order of their shadows. */
  private static final int BY_INDEX = 0;

  private static final int BY_AGE = 1;

  private static final int WAYS = 3;

  /** Octaves of turns told apart: 1, 2, to 4, to 8, to 16, to 32, to 64, more. */
  private static final int OCTAVES = 8;

  /** Kinds of places in a sequence: another block follows, it is the last of several, or alone. */
  private static final int FOLLOWED = 0;

  private static final int LAST = 1;
  private static final int ALONE = 2;

  private static final int GROUPS = 3 * OCTAVES;
  private static final int PARTS = 2;

  private final SlotOrders residents;
  private final ConversationTurns turns;
  private final RatedGroups leaves;
  private final ArcFollower arc;
  private Learning learning;

  /** Whether a block has been used since the latest one came. */
  private boolean betweenRequests;

  /** By slot: the key, mixed. */
  private long[] keys;

  private byte[] groups;

  /** By slot: the segment of {@link ArcFollower}. */
  private byte[] segments;

  private boolean[] used;
  private boolean[] offered;
  private long[] lastUses;
  private long now;
  private int candidateCount;

  AdaptivePolicy(int capacity) {
    residents = new SlotOrders(NAME, capacity);
    turns = new ConversationTurns(capacity);
    learning = Learning.of(capacity);
    leaves = new RatedGroups(GROUPS, PARTS, capacity, learning.reuse);
    arc = new ArcFollower(capacity, learning.arcShadow, learning.evicted);
    keys = new long[capacity];
    groups = new byte[capacity];
    segments = new byte[capacity];
    used = new boolean[capacity];
    offered = new boolean[capacity];
    lastUses = new long[capacity];
  }

  /**
   * What learns from the uses of a tier.
   *
   * @param capacity how many blocks the tier has, for which it all is sized
   */
  private record Learning(
      int capacity,
      EvictedBlocks evicted,
      ReuseIndex reuse,
      ArcShadow arcShadow,
      ShadowCaches shadows,
      ShadowContest contest) {

    private static Learning of(int capacity) {
      ReuseIndex reuse = new ReuseIndex(GROUPS, capacity);
      int slots = ShadowCaches.slotCount(capacity, WAYS);
      ArcShadow arc = new ArcShadow(ShadowCaches.capacity(capacity), slots);
      ShadowCaches shadows =
          new ShadowCaches(
              capacity, new RatedShadow(slots, GROUPS, reuse), new AgeShadow(slots), arc);
      ShadowContest contest = new ShadowContest(capacity, WAYS);
      return new Learning(capacity, new EvictedBlocks(capacity), reuse, arc, shadows, contest);
    }
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void grow(int capacity) {
    residents.grow(capacity);
    turns.grow(capacity);
    leaves.grow(capacity);
    arc.grow(capacity);
    keys = Arrays.copyOf(keys, capacity);
    groups = Arrays.copyOf(groups, capacity);
    segments = Arrays.copyOf(segments, capacity);
    used = Arrays.copyOf(used, capacity);
    offered = Arrays.copyOf(offered, capacity);
    lastUses = Arrays.copyOf(lastUses, capacity);
  }

  /**
   * Between two requests a tier keeps no more than fits. Slots alone do not tell how large it is:
   * there may be more of them for a request that holds more than the tier does.
   */
  private void learnAnewIfGrown() {
    if (!betweenRequests) {
      return;
    }
    betweenRequests = false;
    if (residents.residentCount() / 2 > learning.capacity) {
      learnAnew(residents.capacity());
    }
  }

  /** {@return the size of the tier that is learnt for, in blocks} */
  int learntCapacity() {
    return learning.capacity;
  }

  /** The blocks stay as they are: the candidates in their groups, each in its segment. */
  private void learnAnew(int capacity) {
    learning = Learning.of(capacity);
    leaves.rateBy(learning.reuse);
    arc.follow(learning.arcShadow, learning.evicted);
  }

  @Override
  public void insert(int slot, long key, int parent, int priority) {
    learnAnewIfGrown();
    residents.enter(slot);
    long mixed = Mixing.mix(key);
    long remembered = learning.evicted.find(mixed);
    turns.enter(slot, parent, EvictedBlocks.turn(remembered), now);
    if (parent != NONE) {
      hold(parent);
    }
    keys[slot] = mixed;
    groups[slot] = 0;
    segments[slot] = (byte) arc.insert(remembered);
    used[slot] = false;
    offered[slot] = false;
    lastUses[slot] = now;
  }

  @Override
  public void link(int slot, int parent) {
    residents.requireResident(slot);
    residents.requireResident(parent);
    turns.link(slot, parent);
    if (turns.isFollowed(parent)) { // not if the link was none
      hold(parent);
    }
  }

  /** Keeps a block from being chosen while another follows it. */
  private void hold(int slot) {
    if (leaves.contains(slot)) {
      leaves.remove(slot);
    }
  }

  @Override
  public void touch(int slot) {
    betweenRequests = true;
    residents.requireResident(slot);
    now++;
    int group = group(slot, turns.use(slot, now));
    groups[slot] = (byte) group;
    lastUses[slot] = now;
    if (used[slot] && segments[slot] == ArcFollower.ONCE) {
      segments[slot] = ArcFollower.AGAIN;
      arc.rise();
    }
    used[slot] = true;
    if (leaves.contains(slot)) {
      leaves.move(slot, group, segments[slot], now);
    }
    learn(keys[slot], group);
  }

  private int group(int slot, int turn) {
    int octave = Integer.SIZE - Integer.numberOfLeadingZeros(turn - 1);
    int kind = turns.isFollowed(slot) ? FOLLOWED : turns.hasParent(slot) ? LAST : ALONE;
    return kind * OCTAVES + Math.min(octave, OCTAVES - 1);
  }

  private void learn(long key, int group) {
    learning.reuse.use(key, group, now);
    learning.reuse.refreshIfDue(now);
    if (learning.shadows.isSampled(key)) {
      learning.contest.count(learning.shadows.use(key, group, now));
    }
    learning.contest.endRoundIfDue(now);
  }

  /** Changes nothing. */
  @Override
  public void prioritize(int slot, int priority) {
    residents.requireResident(slot);
  }

  @Override
  public void offer(int slot) {
    residents.requireResident(slot);
    if (!offered[slot]) {
      offered[slot] = true;
      candidateCount++;
      place(slot);
    }
  }

  private void place(int slot) {
    if (offered[slot] && !turns.isFollowed(slot)) {
      leaves.add(slot, groups[slot], segments[slot], lastUses[slot]);
    }
  }

  @Override
  public void withdraw(int slot) {
    residents.requireResident(slot);
    if (offered[slot]) {
      offered[slot] = false;
      candidateCount--;
      hold(slot);
    }
  }

  @Override
  public void remove(int slot) {
    withdraw(slot);
    residents.leave(slot);
    arc.leave(segments[slot]);
    if (used[slot]) {
      learning.evicted.remember(keys[slot], turns.turn(slot), segments[slot]);
    }
    int parent = turns.leave(slot);
    if (parent != NONE) {
      place(parent);
    }
  }

  @Override
  public int victim() {
    return switch (learning.contest.leader()) {
      case BY_INDEX -> leaves.leastPromising(now);
      case BY_AGE -> leaves.oldest();
      default -> victimOfArc();
    };
  }

  private int victimOfArc() {
    int segment = arc.victimSegment();
    int oldest = leaves.oldestOf(segment);
    return oldest == NONE ? leaves.oldest() : oldest;
  }

  @Override
  public void evicted(int slot) {
    remove(slot);
    arc.evicted();
  }

  @Override
  public int candidateCount() {
    return candidateCount;
  }
}
