package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;

/** Provides {@code fifo}: the block that was inserted first goes first, whatever its use. */
public final class FifoPolicyProvider implements EvictionPolicyProvider {

  /** Creates the provider, as the service loader does. */
  public FifoPolicyProvider() {}

  @Override
  public String name() {
    return "fifo";
  }

  @Override
  public String description() {
    return "evicts the block that came first, used or not";
  }

  @Override
  public EvictionPolicy create(int capacity) {
    return new OrderedPolicy(
        name(), EvictionPolicies.requireCapacity(name(), capacity), new SlotQueue(capacity), false);
  }
}
