package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;

/**
 * Provides {@code arc}: blocks used once and blocks used again share the tier as their returning
 * ghosts say.
 */
public final class ArcPolicyProvider implements EvictionPolicyProvider {

  /** Creates the provider, as the service loader does. */
  public ArcPolicyProvider() {}

  @Override
  public String name() {
    return ArcPolicy.NAME;
  }

  @Override
  public String description() {
    return "balances blocks used once and blocks used again by what it evicted in error";
  }

  @Override
  public EvictionPolicy create(int capacity) {
    return new ArcPolicy(EvictionPolicies.requireCapacity(name(), capacity));
  }
}
