package io.kvbm.core.races;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;
import io.kvbm.core.policy.EvictionPolicies;
import io.kvbm.core.policy.ForwardingPolicy;

/** Makes {@code lru} policies that pass by a pause when a block was evicted. */
record PausingPolicyProvider(Pause evicting) implements EvictionPolicyProvider {

  @Override
  public String name() {
    return "lru";
  }

  @Override
  public String description() {
    return "stops where the test wants it";
  }

  @Override
  public EvictionPolicy create(int capacity) {
    return new PausingPolicy(EvictionPolicies.of(name()).create(capacity), evicting);
  }

  private static final class PausingPolicy extends ForwardingPolicy {

    private final Pause evicting;

    private PausingPolicy(EvictionPolicy lru, Pause evicting) {
      super(lru);
      this.evicting = evicting;
    }

    @Override
    public void evicted(int slot) {
      super.evicted(slot);
      evicting.passBy();
    }
  }
}
