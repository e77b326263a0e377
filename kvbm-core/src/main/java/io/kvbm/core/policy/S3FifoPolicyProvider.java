package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;

/**
 * Provides {@code s3fifo}: a small queue for new blocks, a large one for those used again, and a
 * memory of the evicted.
 */
public final class S3FifoPolicyProvider implements EvictionPolicyProvider {

  /** Creates the provider, as the service loader does. */
  public S3FifoPolicyProvider() {}

  @Override
  public String name() {
    return S3FifoPolicy.NAME;
  }

  @Override
  public String description() {
    return "evicts new blocks soon unless they are used again, in three queues";
  }

  @Override
  public EvictionPolicy create(int capacity) {
    return new S3FifoPolicy(EvictionPolicies.requireCapacity(name(), capacity));
  }
}
