package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;

/** Provides {@code lru}: the block whose last use, or insertion, is longest ago goes first. */
public final class LruPolicyProvider implements EvictionPolicyProvider {

  /** Creates the provider, as the service loader does. */
  public LruPolicyProvider() {}

  @Override
  public String name() {
    return "lru";
  }

  @Override
  public String description() {
    return "evicts the block whose last use is longest ago";
  }

  @Override
  public EvictionPolicy create(int capacity) {
    return new OrderedPolicy(
        name(), EvictionPolicies.requireCapacity(name(), capacity), new SlotQueue(capacity), true);
  }
}
