package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;
import java.util.Comparator;
import org.junit.jupiter.api.Test;

class PriorityPolicyTest extends EvictionPolicyContract {

  @Override
  EvictionPolicyProvider provider() {
    return new PriorityPolicyProvider();
  }

  @Override
  PolicyModel model() {
    return new PolicyModel(
        Comparator.<PolicyModel.Resident>comparingInt(resident -> resident.priority)
            .thenComparingLong(resident -> resident.used));
  }

  @Test
  void case17_lowestPriorityGoesFirstThenTheLeastRecent() {
    EvictionPolicy policy = provider().create(3);
    int priorityOneTickOne = 0;
    int priorityZeroTickTwo = 1;
    int priorityZeroTickThree = 2;
    policy.insert(priorityZeroTickTwo, 1, EvictionPolicy.NONE, 0);
    policy.insert(priorityOneTickOne, 2, EvictionPolicy.NONE, 1);
    policy.insert(priorityZeroTickThree, 3, EvictionPolicy.NONE, 0);
    policy.touch(priorityOneTickOne);
    policy.touch(priorityZeroTickTwo);
    policy.touch(priorityZeroTickThree);
    policy.offer(priorityZeroTickThree);
    policy.offer(priorityOneTickOne);
    policy.offer(priorityZeroTickTwo);

    assertThat(policy.evict()).isEqualTo(priorityZeroTickTwo);
    assertThat(policy.evict()).isEqualTo(priorityZeroTickThree);
    assertThat(policy.evict()).isEqualTo(priorityOneTickOne);
  }

  @Test
  void case17_aBlockThatComesBackToASlotHasThePriorityItCameWith() {
    EvictionPolicy policy = provider().create(2);
    policy.insert(0, 1, EvictionPolicy.NONE, 7);
    policy.remove(0);
    policy.insert(0, 1, EvictionPolicy.NONE, 0);
    policy.insert(1, 2, EvictionPolicy.NONE, 1);
    policy.offer(0);
    policy.offer(1);

    assertThat(policy.evict()).isEqualTo(0);
  }

  @Test
  void aCandidateMovesWhenItsPriorityChanges() {
    EvictionPolicy policy = provider().create(2);
    policy.insert(0, 1, EvictionPolicy.NONE, 0);
    policy.insert(1, 2, EvictionPolicy.NONE, 0);
    policy.offer(0);
    policy.offer(1);
    policy.prioritize(0, Integer.MAX_VALUE);
    policy.prioritize(1, Integer.MIN_VALUE);

    assertThat(policy.evict()).isEqualTo(1);
    assertThat(policy.evict()).isEqualTo(0);
  }
}
