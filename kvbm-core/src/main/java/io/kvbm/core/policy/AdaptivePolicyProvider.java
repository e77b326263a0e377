package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;

/**
 * Provides {@code adaptive}: learns which turns of conversations, and which ages, promise no
 * further use, and never stays behind {@code lru} and {@code arc} for long.
 */
public final class AdaptivePolicyProvider implements EvictionPolicyProvider {

  /** Creates the provider, as the service loader does. */
  public AdaptivePolicyProvider() {}

  @Override
  public String name() {
    return AdaptivePolicy.NAME;
  }

  @Override
  public String description() {
    return "learns what is used again by turn and age, watched by shadows of lru and arc";
  }

  @Override
  public EvictionPolicy create(int capacity) {
    return new AdaptivePolicy(EvictionPolicies.requireCapacity(name(), capacity));
  }
}
