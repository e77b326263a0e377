package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;

/**
 * Provides {@code multi-lru}: four levels by number of uses, the coldest goes first; uses are
 * forgotten with time.
 */
public final class MultiLruPolicyProvider implements EvictionPolicyProvider {

  /** Creates the provider, as the service loader does. */
  public MultiLruPolicyProvider() {}

  @Override
  public String name() {
    return MultiLruPolicy.NAME;
  }

  @Override
  public String description() {
    return "evicts from the coldest of four levels of use, and lets blocks cool down";
  }

  @Override
  public EvictionPolicy create(int capacity) {
    return new MultiLruPolicy(EvictionPolicies.requireCapacity(name(), capacity));
  }
}
