package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;
import java.util.Comparator;
import org.junit.jupiter.api.Test;

class FifoPolicyTest extends EvictionPolicyContract {

  @Override
  EvictionPolicyProvider provider() {
    return new FifoPolicyProvider();
  }

  @Override
  PolicyModel model() {
    return new PolicyModel(Comparator.comparingLong(resident -> resident.inserted));
  }

  @Test
  void aTouchChangesNothing() {
    EvictionPolicy policy = provider().create(2);
    policy.insert(0, 1, EvictionPolicy.NONE, 0);
    policy.insert(1, 2, EvictionPolicy.NONE, 0);
    policy.offer(1);
    policy.offer(0);
    policy.touch(0);

    assertThat(policy.evict()).isEqualTo(0);
    assertThat(policy.evict()).isEqualTo(1);
  }
}
