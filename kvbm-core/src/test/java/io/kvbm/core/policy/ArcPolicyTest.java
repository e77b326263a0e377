package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.policy.EvictionPolicyProvider;
import org.junit.jupiter.api.Test;

class ArcPolicyTest extends EvictionPolicyContract {

  private final ArcPolicy policy = new ArcPolicy(4);
  private final Tier tier = new Tier(policy, 4);

  @Override
  EvictionPolicyProvider provider() {
    return new ArcPolicyProvider();
  }

  @Test
  void theEndOfTheFirstUseIsNoSecondUse() {
    tier.use(1, 2, 3, 4);

    assertThat(tier.drain()).containsExactly(1L, 2L, 3L, 4L);
  }

  @Test
  void aScanPassesBlocksThatWereUsedAgain() {
    tier.use(1, 2, 1, 2).use(Tier.range(100, 200));

    assertThat(tier.has(1)).isTrue();
    assertThat(tier.has(2)).isTrue();
  }

  @Test
  void aBlockThatComesBackIsTakenForUsedAgainAndTheFirstListGetsRoom() {
    tier.use(1, 1, 2, 2, 3, 4, 5); // 3 was evicted
    assertThat(tier.has(3)).isFalse();
    assertThat(policy.target()).isZero();
    tier.use(3);

    assertThat(policy.target()).isEqualTo(1);
    assertThat(tier.drain()).as("5 has the room").containsExactly(1L, 2L, 3L, 5L);
  }

  @Test
  void aBlockThatWasUsedAgainAndComesBackGivesTheSecondListRoom() {
    tier.use(1, 1, 2, 2, 3, 4, 5, 6, 4); // 4 came back: the target is 1
    tier.use(7, 7, 8, 8);
    double target = policy.target();
    assertThat(target).isPositive();
    assertThat(tier.has(2)).isFalse();
    tier.use(2);

    assertThat(policy.target()).isLessThan(target);
    assertThat(tier.has(2)).isTrue();
  }

  @Test
  void whatAnotherPolicyEvictedIsRememberedAndWhatWasRemovedIsNot() {
    tier.use(1, 2, 3, 4);
    tier.evict(3);
    tier.remove(2);
    tier.use(2);
    assertThat(policy.target()).as("2 was removed").isZero();
    tier.use(3);

    assertThat(policy.target()).as("3 was evicted").isEqualTo(1);
  }

  @Test
  void aBlockThatIsNoCandidateCountsForItsList() {
    tier.use(1, 2, 3, 3, 4, 4);
    policy.withdraw(tier.slotOf(1));
    policy.withdraw(tier.slotOf(2));
    assertThat(tier.evict()).as("no candidate was used once").isEqualTo(3);
    policy.offer(tier.slotOf(1));

    assertThat(tier.evict()).as("2 counts, so one is too many").isEqualTo(1);
  }
}
