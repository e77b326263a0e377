package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;

/**
 * Provides {@code lineage}: only blocks without resident children, the least recently used first.
 */
public final class LineagePolicyProvider implements EvictionPolicyProvider {

  /** Creates the provider, as the service loader does. */
  public LineagePolicyProvider() {}

  @Override
  public String name() {
    return LineagePolicy.NAME;
  }

  @Override
  public String description() {
    return "evicts the ends of sequences, the one whose last use is longest ago";
  }

  @Override
  public EvictionPolicy create(int capacity) {
    return new LineagePolicy(EvictionPolicies.requireCapacity(name(), capacity));
  }
}
