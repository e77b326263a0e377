package io.kvbm.core.policy;

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

  private final String name;
  private final CandidateIndex candidates;
  private final boolean touchRenews;
  private final SlotOrders orders;
  private int[] priorities;

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
    orders = new SlotOrders(name, capacity);
    priorities = new int[capacity];
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void grow(int capacity) {
    orders.grow(capacity);
    candidates.grow(capacity);
    priorities = Arrays.copyOf(priorities, capacity);
  }

  @Override
  public void insert(int slot, long key, int parent, int priority) {
    orders.enter(slot);
    priorities[slot] = priority;
  }

  @Override
  public void touch(int slot) {
    orders.requireResident(slot);
    if (!touchRenews) {
      return;
    }
    long order = orders.renew(slot);
    if (candidates.contains(slot)) {
      candidates.renew(slot, priorities[slot], order);
    }
  }

  @Override
  public void prioritize(int slot, int priority) {
    orders.requireResident(slot);
    priorities[slot] = priority;
    if (candidates.contains(slot)) {
      candidates.reprioritize(slot, priority, orders.of(slot));
    }
  }

  @Override
  public void offer(int slot) {
    orders.requireResident(slot);
    if (!candidates.contains(slot)) {
      candidates.add(slot, priorities[slot], orders.of(slot));
    }
  }

  @Override
  public void withdraw(int slot) {
    orders.requireResident(slot);
    if (candidates.contains(slot)) {
      candidates.remove(slot);
    }
  }

  @Override
  public void remove(int slot) {
    withdraw(slot);
    orders.leave(slot);
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
}
