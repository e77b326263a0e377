package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;

/** A shadow of any policy, which is told of no tree. */
final class PolicyShadow implements ShadowCache {

  private final EvictionPolicy policy;

  /**
   * @param policy one with nothing resident
   */
  PolicyShadow(EvictionPolicy policy) {
    this.policy = policy;
  }

  @Override
  public void entered(int slot, long key, int group, long now) {
    policy.insert(slot, key, EvictionPolicy.NONE, 0);
    policy.touch(slot);
    policy.offer(slot);
  }

  @Override
  public void touched(int slot, int group, long now) {
    policy.touch(slot);
  }

  @Override
  public int evict(long now) {
    return policy.evict();
  }
}
