package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;

/**
 * Provides {@code priority}: the lowest priority goes first, among equals the least recently used.
 */
public final class PriorityPolicyProvider implements EvictionPolicyProvider {

  /** Creates the provider, as the service loader does. */
  public PriorityPolicyProvider() {}

  @Override
  public String name() {
    return "priority";
  }

  @Override
  public String description() {
    return "evicts the block of the lowest priority, among equals the least recently used";
  }

  @Override
  public EvictionPolicy create(int capacity) {
    return new OrderedPolicy(
        name(), EvictionPolicies.requireCapacity(name(), capacity), new SlotHeap(capacity), true);
  }
}
