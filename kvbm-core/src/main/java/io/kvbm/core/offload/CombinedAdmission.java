package io.kvbm.core.offload;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.policy.AdmissionPolicy;
import java.util.List;

/**
 * Several policies as one. They are asked in order until the answer is certain; those behind are
 * not asked and see no sighting. Threading: as that of the policies.
 */
public final class CombinedAdmission implements AdmissionPolicy {

  private final List<AdmissionPolicy> policies;

  /** The answer of one policy that settles the matter. */
  private final boolean decisive;

  private CombinedAdmission(List<AdmissionPolicy> policies, boolean decisive) {
    this.policies = List.copyOf(policies);
    this.decisive = decisive;
  }

  /**
   * {@return a policy that admits what all of some admit; everything if there are none}
   *
   * @param policies asked in this order
   */
  public static CombinedAdmission allOf(List<AdmissionPolicy> policies) {
    return new CombinedAdmission(policies, false);
  }

  /**
   * {@return a policy that admits what any of some admits; nothing if there are none}
   *
   * @param policies asked in this order
   */
  public static CombinedAdmission anyOf(List<AdmissionPolicy> policies) {
    return new CombinedAdmission(policies, true);
  }

  @Override
  public boolean admit(BlockKey key, long byteSize, long priority) {
    for (AdmissionPolicy policy : policies) {
      if (policy.admit(key, byteSize, priority) == decisive) {
        return decisive;
      }
    }
    return !decisive;
  }
}
