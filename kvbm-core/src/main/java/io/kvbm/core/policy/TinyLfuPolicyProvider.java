package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;

/**
 * Provides {@code tinylfu}: a block must be more popular than the one whose place it takes
 * (W-TinyLFU).
 */
public final class TinyLfuPolicyProvider implements EvictionPolicyProvider {

  /** Creates the provider, as the service loader does. */
  public TinyLfuPolicyProvider() {}

  @Override
  public String name() {
    return TinyLfuPolicy.NAME;
  }

  @Override
  public String description() {
    return "keeps the block that was asked for more often, evicted or not";
  }

  @Override
  public EvictionPolicy create(int capacity) {
    return new TinyLfuPolicy(EvictionPolicies.requireCapacity(name(), capacity));
  }
}
