package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.policy.EvictionPolicyProvider;
import org.junit.jupiter.api.Test;

class S3FifoPolicyTest extends EvictionPolicyContract {

  private final S3FifoPolicy policy = new S3FifoPolicy(10);
  private final Tier tier = new Tier(policy, 10);

  @Override
  EvictionPolicyProvider provider() {
    return new S3FifoPolicyProvider();
  }

  @Test
  void theEndOfTheFirstUseIsNoSecondUse() {
    tier.use(1, 2, 3);

    assertThat(tier.drain()).containsExactly(1L, 2L, 3L);
  }

  @Test
  void aScanPassesBlocksThatWereUsedAgain() {
    tier.use(Tier.range(0, 9)).use(Tier.range(0, 9)).use(Tier.range(100, 200));

    for (long key = 0; key < 9; key++) {
      assertThat(tier.has(key)).as("key %d", key).isTrue();
    }
  }

  @Test
  void theSmallQueueGoesFirstOnlyWhereItIsATenth() {
    Tier larger = new Tier(new S3FifoPolicy(29), 29);
    larger.use(Tier.range(0, 28)).use(Tier.range(0, 28)).use(100);
    assertThat(larger.evict()).as("one in 29, the rest moved to the main queue").isEqualTo(0);
    larger.use(101, 102);

    assertThat(larger.evict()).as("three in 29").isEqualTo(100);
  }

  @Test
  void aBlockThatComesBackGoesToTheMainQueue() {
    tier.use(Tier.range(0, 11)); // 0 was evicted
    assertThat(tier.has(0)).isFalse();
    tier.use(0).use(Tier.range(100, 150));

    assertThat(tier.has(0)).isTrue();
  }

  @Test
  void onlyAsManyAsTheMainQueueAreRemembered() {
    tier.use(Tier.range(0, 20)); // 0 to 9 were evicted, 0 is forgotten
    tier.use(0).use(Tier.range(100, 150));

    assertThat(tier.has(0)).isFalse();
  }

  @Test
  void whatAnotherPolicyEvictedIsRememberedAndWhatWasRemovedIsNot() {
    tier.use(1, 2, 3);
    tier.evict(3);
    tier.remove(2);
    tier.use(2, 3).use(Tier.range(100, 150));

    assertThat(tier.has(3)).isTrue();
    assertThat(tier.has(2)).isFalse();
  }

  @Test
  void aBlockGoesRoundTheMainQueueOnceForEachReuse() {
    tier.use(1, 2, 1, 2); // both go to the main queue, where their uses begin anew
    tier.use(3);
    assertThat(tier.evict()).isEqualTo(3);
    tier.use(1, 1, 2);

    assertThat(tier.drain()).containsExactly(2L, 1L);
  }

  @Test
  void aBlockThatIsNoCandidateForgetsItsReusesAsTheQueueGoesRound() {
    tier.use(1, 2, 3, 1, 2, 3);
    tier.use(4);
    assertThat(tier.evict()).isEqualTo(4);
    tier.use(1, 1, 1);
    policy.withdraw(tier.slotOf(1));
    for (int round = 0; round < 9; round++) {
      tier.use(2, 3);
      policy.victim();
    }
    policy.offer(tier.slotOf(1));
    tier.use(2, 3);

    assertThat(tier.evict()).as("its three uses are forgotten").isEqualTo(1);
  }

  @Test
  void aReuseAfterManyRoundsCountsForItself() {
    tier.use(1, 2, 3, 1, 2, 3);
    tier.use(4);
    assertThat(tier.evict()).isEqualTo(4);
    tier.use(1, 1, 1);
    policy.withdraw(tier.slotOf(1));
    for (int round = 0; round < 9; round++) {
      tier.use(2, 3);
      policy.victim();
    }
    policy.touch(tier.slotOf(1));
    policy.offer(tier.slotOf(1));

    assertThat(tier.evict()).as("1 goes round once").isEqualTo(2);
    assertThat(tier.evict()).isEqualTo(3);
  }

  @Test
  void askedAgainItNamesTheSameVictim() {
    tier.use(1, 2, 3, 4, 1, 2, 3);
    int victim = policy.victim();

    assertThat(policy.victim()).isEqualTo(victim);
    assertThat(tier.evict()).isEqualTo(4);
  }
}
