package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;
import java.util.Comparator;
import org.junit.jupiter.api.Test;

class LruPolicyTest extends EvictionPolicyContract {

  @Override
  EvictionPolicyProvider provider() {
    return new LruPolicyProvider();
  }

  @Override
  PolicyModel model() {
    return new PolicyModel(Comparator.comparingLong(resident -> resident.used));
  }

  @Test
  void aTouchedCandidateGoesLast() {
    EvictionPolicy policy = provider().create(3);
    for (int slot = 0; slot < 3; slot++) {
      policy.insert(slot, slot, EvictionPolicy.NONE, 0);
      policy.offer(slot);
    }
    policy.touch(0);

    assertThat(policy.evict()).isEqualTo(1);
    assertThat(policy.evict()).isEqualTo(2);
    assertThat(policy.evict()).isEqualTo(0);
  }

  @Test
  void aParentOfferedLateKeepsItsOwnRecency() {
    EvictionPolicy policy = provider().create(4);
    policy.insert(0, 1, EvictionPolicy.NONE, 0);
    policy.insert(1, 2, 0, 0);
    policy.insert(2, 3, EvictionPolicy.NONE, 0);
    policy.insert(3, 4, EvictionPolicy.NONE, 0);
    policy.offer(1);
    policy.offer(2);
    policy.offer(3);
    assertThat(policy.evict()).isEqualTo(1);

    policy.offer(0);
    assertThat(policy.evict()).as("the parent is older than 2 and 3").isEqualTo(0);
    assertThat(policy.evict()).isEqualTo(2);
  }

  @Test
  void priorityDoesNotCount() {
    EvictionPolicy policy = provider().create(2);
    policy.insert(0, 1, EvictionPolicy.NONE, 9);
    policy.insert(1, 2, EvictionPolicy.NONE, 0);
    policy.offer(0);
    policy.offer(1);
    policy.prioritize(0, 10);

    assertThat(policy.evict()).isEqualTo(0);
  }
}
