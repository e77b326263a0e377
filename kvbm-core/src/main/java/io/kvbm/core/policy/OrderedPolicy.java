package io.kvbm.core.policy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.policy.EvictionPolicy;
import java.util.Arrays;

/**
 * Evicts by the order in which blocks came, or were last used, and where the index says so by
 * priority first.
 *
 * <p>The order is a counter that rises with each insert (and with each touch, if touches count), so
 * a block keeps its own recency while it is no candidate.
 */
final class OrderedPolicy implements EvictionPolicy {

  /** Order of a slot without a block. */
  private static final long ABSENT = 0;

  private final String name;
  private final CandidateIndex candidates;
  private final boolean touchRenews;
  private long[] orders;
  private int[] priorities;
  private long latest = ABSENT;

  /**
   * @param name the policy's name
   * @param capacity slots of the tier
   * @param candidates an empty index with room for them
   * @param touchRenews whether a touch makes a block the newest
   */
  OrderedPolicy(String name, int capacity, CandidateIndex candidates, boolean touchRenews) {
    this.name = name;
    this.candidates = candidates;
    this.touchRenews = touchRenews;
    orders = new long[capacity];
    priorities = new int[capacity];
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void grow(int capacity) {
    if (capacity < orders.length) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "eviction policy %s has %d slots and cannot shrink to %d"
              .formatted(name, orders.length, capacity));
    }
    candidates.grow(capacity);
    orders = Arrays.copyOf(orders, capacity);
    priorities = Arrays.copyOf(priorities, capacity);
  }

  @Override
  public void insert(int slot, long key, int parent, int priority) {
    requireInRange(slot);
    if (orders[slot] != ABSENT) {
      throw new CallerException(
          ErrorCode.BLOCK_STATE_INVALID,
          "slot %d is resident already: evict or remove it first".formatted(slot));
    }
    orders[slot] = ++latest;
    priorities[slot] = priority;
  }

  @Override
  public void touch(int slot) {
    requireResident(slot);
    if (!touchRenews) {
      return;
    }
    orders[slot] = ++latest;
    if (candidates.contains(slot)) {
      candidates.renew(slot, priorities[slot], latest);
    }
  }

  @Override
  public void prioritize(int slot, int priority) {
    requireResident(slot);
    priorities[slot] = priority;
    if (candidates.contains(slot)) {
      candidates.reprioritize(slot, priority, orders[slot]);
    }
  }

  @Override
  public void offer(int slot) {
    requireResident(slot);
    if (!candidates.contains(slot)) {
      candidates.add(slot, priorities[slot], orders[slot]);
    }
  }

  @Override
  public void withdraw(int slot) {
    requireResident(slot);
    if (candidates.contains(slot)) {
      candidates.remove(slot);
    }
  }

  @Override
  public void remove(int slot) {
    withdraw(slot);
    orders[slot] = ABSENT;
  }

  @Override
  public int victim() {
    return candidates.peek();
  }

  @Override
  public void evicted(int slot) {
    remove(slot);
  }

  @Override
  public int candidateCount() {
    return candidates.size();
  }

  private void requireResident(int slot) {
    requireInRange(slot);
    if (orders[slot] == ABSENT) {
      throw new CallerException(
          ErrorCode.BLOCK_STATE_INVALID,
          "slot %d is not resident: insert it first".formatted(slot));
    }
  }

  private void requireInRange(int slot) {
    if (slot < 0 || slot >= orders.length) {
      throw new CallerException(
          ErrorCode.INVALID_BLOCK_INDEX,
          "slot %d is not below the %d slots of eviction policy %s"
              .formatted(slot, orders.length, name));
    }
  }
}
