package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;

/** A shadow of any policy, which is told of no tree. */
final class PolicyShadow extends ShadowCache {

  private final EvictionPolicy policy;

  /**
   * @param capacity blocks it keeps
   * @param policy one with room for a block more, with nothing resident
   */
  PolicyShadow(int capacity, EvictionPolicy policy) {
    super(capacity);
    this.policy = policy;
  }

  @Override
  void entered(int slot, long key, int group, long now) {
    policy.insert(slot, key, EvictionPolicy.NONE, 0);
    policy.touch(slot);
    policy.offer(slot);
  }

  @Override
  void touched(int slot, int group, long now) {
    policy.touch(slot);
  }

  @Override
  int evict(long now) {
    return policy.evict();
  }
}
