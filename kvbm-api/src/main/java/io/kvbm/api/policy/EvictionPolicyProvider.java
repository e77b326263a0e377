package io.kvbm.api.policy;

import io.kvbm.api.Stability;

/** Makes eviction policies of one name. Found by {@link java.util.ServiceLoader}; stateless. */
@Stability(Stability.Level.PREVIEW)
public interface EvictionPolicyProvider {

  /** {@return the name users give, {@code [a-z][a-z0-9-]{0,62}}} */
  String name();

  /** {@return one line that says what the policy does} */
  String description();

  /**
   * Makes a policy.
   *
   * @param capacity slots of the tier, above 0
   * @return a policy with nothing resident
   */
  EvictionPolicy create(int capacity);
}
