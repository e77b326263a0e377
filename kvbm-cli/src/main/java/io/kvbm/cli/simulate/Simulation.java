package io.kvbm.cli.simulate;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.policy.EvictionPolicy;
import java.util.Arrays;

/**
 * One pass of a trace over a tier of which only the policy is real.
 *
 * <p>A request hits the longest prefix of its blocks that is resident when it arrives. Then those
 * that are absent are inserted and all are touched, each time from the last to the first, so that a
 * prefix outlives what follows it, and then the policy evicts down to the capacity. During a
 * request the tier may thus hold more than its capacity; the policy is told to grow just before it
 * does. Every resident block is a candidate. The policy learns of a request only when it is served.
 */
final class Simulation {

  private static final int ABSENT = -1;

  private final References references;
  private final EvictionPolicy policy;
  private final int capacity;
  private final int[] slotOfBlock;
  private final int[] blockInSlot;
  private final int[] freeSlots;

  /** By block: the one before it in the latest request. */
  private final int[] parents;

  /** By block: the one behind it in the latest request. */
  private final int[] children;

  private int freeCount;
  private int usedSlots;
  private int grantedSlots;
  private int residentCount;

  /**
   * @param references what is asked for
   * @param policy one made for {@code capacity}, with nothing resident
   * @param capacity blocks kept between requests, above 0
   */
  Simulation(References references, EvictionPolicy policy, int capacity) {
    this.references = references;
    this.policy = policy;
    this.capacity = capacity;
    int peak =
        (int) Math.min(references.uniqueCount(), (long) capacity + references.longestRequest());
    this.slotOfBlock = new int[references.uniqueCount()];
    Arrays.fill(slotOfBlock, ABSENT);
    this.parents = new int[references.uniqueCount()];
    Arrays.fill(parents, ABSENT);
    this.children = new int[references.uniqueCount()];
    Arrays.fill(children, ABSENT);
    this.blockInSlot = new int[peak];
    Arrays.fill(blockInSlot, ABSENT);
    this.freeSlots = new int[peak];
    this.grantedSlots = capacity;
  }

  /** Serves all requests, once, and returns how many blocks were hit. */
  long run() {
    long hits = 0;
    for (int request = 0; request < references.requestCount(); request++) {
      int start = references.start(request);
      int end = references.start(request + 1);
      hits += countPrefix(start, end);
      makeSlots(end - start);
      insertAbsent(start, end);
      for (int index = end - 1; index >= start; index--) {
        int slot = slotOfBlock[references.block(index)];
        policy.touch(slot);
        policy.offer(slot);
      }
      while (residentCount > capacity) {
        evict();
      }
    }
    return hits;
  }

  private int countPrefix(int start, int end) {
    int index = start;
    while (index < end && slotOfBlock[references.block(index)] != ABSENT) {
      index++;
    }
    return index - start;
  }

  private void makeSlots(int requestLength) {
    int needed = Math.min(residentCount + requestLength, blockInSlot.length);
    if (needed > grantedSlots) {
      grantedSlots = needed;
      policy.grow(needed);
    }
  }

  private void insertAbsent(int start, int end) {
    for (int index = start + 1; index < end; index++) {
      parents[references.block(index)] = references.block(index - 1);
      children[references.block(index - 1)] = references.block(index);
    }
    for (int index = end - 1; index >= start; index--) {
      int block = references.block(index);
      if (slotOfBlock[block] == ABSENT) {
        insert(block);
      }
    }
  }

  private void insert(int block) {
    int parent = parents[block];
    int parentSlot = parent == ABSENT ? ABSENT : slotOfBlock[parent];
    int slot = freeCount > 0 ? freeSlots[--freeCount] : usedSlots++;
    slotOfBlock[block] = slot;
    blockInSlot[slot] = block;
    residentCount++;
    policy.insert(slot, references.hash(block), parentSlot, 0);
    int child = children[block];
    if (child != ABSENT && child != block && parents[child] == block) {
      int childSlot = slotOfBlock[child];
      if (childSlot != ABSENT) {
        policy.link(childSlot, slot);
      }
    }
  }

  private void evict() {
    int slot = policy.victim();
    if (slot < 0 || slot >= usedSlots || blockInSlot[slot] == ABSENT) {
      throw new BackendException(
          ErrorCode.OPERATION_FAILED,
          "policy %s chose slot %d, which holds none of the %d blocks; it is defective, use another"
              .formatted(policy.name(), slot, residentCount),
          null);
    }
    policy.evicted(slot);
    slotOfBlock[blockInSlot[slot]] = ABSENT;
    blockInSlot[slot] = ABSENT;
    freeSlots[freeCount++] = slot;
    residentCount--;
  }
}
