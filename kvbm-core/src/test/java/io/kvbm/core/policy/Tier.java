package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** A tier of blocks known by their keys, of which only the policy is real; all are candidates. */
final class Tier {

  private final EvictionPolicy policy;
  private final Map<Long, Integer> slots = new HashMap<>();
  private final Map<Integer, Long> keys = new HashMap<>();
  private final Deque<Integer> free = new ArrayDeque<>();
  private int capacity;

  Tier(EvictionPolicy policy, int capacity) {
    this.policy = policy;
    addSlots(capacity);
  }

  /** The tier and the policy get more slots. */
  void grow(int slots) {
    policy.grow(capacity + slots);
    addSlots(slots);
  }

  private void addSlots(int slots) {
    for (int i = 0; i < slots; i++) {
      free.add(capacity++);
    }
  }

  /** Asks for blocks one after the other; each absent one evicts another if the tier is full. */
  Tier use(long... wanted) {
    for (long key : wanted) {
      if (!slots.containsKey(key)) {
        insert(key);
      }
      policy.touch(slots.get(key));
      policy.offer(slots.get(key));
    }
    return this;
  }

  private void insert(long key) {
    if (free.isEmpty()) {
      evict();
    }
    int slot = free.pop();
    policy.insert(slot, key, EvictionPolicy.NONE, 0);
    slots.put(key, slot);
    keys.put(slot, key);
  }

  /** Evicts one block and returns its key. */
  long evict() {
    return leave(policy.evict());
  }

  /** Another than the policy decides that a block is evicted. */
  void evict(long key) {
    policy.evicted(slots.get(key));
    leave(slots.get(key));
  }

  /** A block leaves in another way than eviction. */
  void remove(long key) {
    policy.remove(slots.get(key));
    leave(slots.get(key));
  }

  private long leave(int slot) {
    long key = keys.remove(slot);
    slots.remove(key);
    free.push(slot);
    return key;
  }

  /** Evicts everything and returns the keys in their order. */
  List<Long> drain() {
    List<Long> order = new ArrayList<>();
    while (!slots.isEmpty()) {
      order.add(evict());
    }
    return order;
  }

  boolean has(long key) {
    return slots.containsKey(key);
  }

  int slotOf(long key) {
    return slots.get(key);
  }

  /** Makes the numbers from one to another, the last one left out. */
  static long[] range(long from, long to) {
    return LongStream.range(from, to).toArray();
  }
}
