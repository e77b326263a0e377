package io.kvbm.core.races;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;
import io.kvbm.core.policy.EvictionPolicies;

/** Makes {@code lru} policies that pass by a pause when a block was evicted. */
record PausingPolicyProvider(Pause evicting) implements EvictionPolicyProvider {

  @Override
  public String name() {
    return "lru";
  }

  @Override
  public String description() {
    return "stops where the test wants it";
  }

  @Override
  public EvictionPolicy create(int capacity) {
    return new PausingPolicy(EvictionPolicies.of(name()).create(capacity), evicting);
  }

  private record PausingPolicy(EvictionPolicy lru, Pause evicting) implements EvictionPolicy {

    @Override
    public String name() {
      return lru.name();
    }

    @Override
    public void grow(int capacity) {
      lru.grow(capacity);
    }

    @Override
    public void insert(int slot, long key, int parent, int priority) {
      lru.insert(slot, key, parent, priority);
    }

    @Override
    public void link(int slot, int parent) {
      lru.link(slot, parent);
    }

    @Override
    public void touch(int slot) {
      lru.touch(slot);
    }

    @Override
    public void prioritize(int slot, int priority) {
      lru.prioritize(slot, priority);
    }

    @Override
    public void offer(int slot) {
      lru.offer(slot);
    }

    @Override
    public void withdraw(int slot) {
      lru.withdraw(slot);
    }

    @Override
    public void remove(int slot) {
      lru.remove(slot);
    }

    @Override
    public int victim() {
      return lru.victim();
    }

    @Override
    public void evicted(int slot) {
      lru.evicted(slot);
      evicting.passBy();
    }

    @Override
    public int candidateCount() {
      return lru.candidateCount();
    }
  }
}
