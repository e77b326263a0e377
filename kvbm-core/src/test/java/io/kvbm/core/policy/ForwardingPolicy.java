package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;

/** Another policy as it is; a base for those that change something about it. */
public class ForwardingPolicy implements EvictionPolicy {

  private final EvictionPolicy policy;

  /**
   * @param policy decides
   */
  public ForwardingPolicy(EvictionPolicy policy) {
    this.policy = policy;
  }

  @Override
  public String name() {
    return policy.name();
  }

  @Override
  public void grow(int capacity) {
    policy.grow(capacity);
  }

  @Override
  public void insert(int slot, long key, int parent, int priority) {
    policy.insert(slot, key, parent, priority);
  }

  @Override
  public void link(int slot, int parent) {
    policy.link(slot, parent);
  }

  @Override
  public void touch(int slot) {
    policy.touch(slot);
  }

  @Override
  public void prioritize(int slot, int priority) {
    policy.prioritize(slot, priority);
  }

  @Override
  public void offer(int slot) {
    policy.offer(slot);
  }

  @Override
  public void withdraw(int slot) {
    policy.withdraw(slot);
  }

  @Override
  public void remove(int slot) {
    policy.remove(slot);
  }

  @Override
  public int victim() {
    return policy.victim();
  }

  @Override
  public void evicted(int slot) {
    policy.evicted(slot);
  }

  @Override
  public int candidateCount() {
    return policy.candidateCount();
  }
}
