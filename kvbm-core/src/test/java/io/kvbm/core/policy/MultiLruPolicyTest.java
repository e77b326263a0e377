package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.policy.EvictionPolicyProvider;
import org.junit.jupiter.api.Test;

class MultiLruPolicyTest extends EvictionPolicyContract {

  private final MultiLruPolicy policy = new MultiLruPolicy(64);
  private final Tier tier = new Tier(policy, 64);

  @Override
  EvictionPolicyProvider provider() {
    return new MultiLruPolicyProvider();
  }

  @Test
  void case45_theHotBlockGoesAfterTheColdOnes() {
    tier.use(3, 3, 3, 3).use(1, 2);

    assertThat(tier.drain()).containsExactly(1L, 2L, 3L);
  }

  @Test
  void eachLevelGoesBeforeTheNextAndTheLeastRecentFirst() {
    use(16, 4);
    use(9, 3);
    use(4, 2);
    tier.use(0, 1, 10, 11); // 10 and 11 are in the coldest level, the newest of all

    assertThat(tier.drain()).containsExactly(0L, 1L, 10L, 11L, 2L, 3L, 4L);
  }

  private void use(int times, long key) {
    for (int i = 0; i < times; i++) {
      tier.use(key);
    }
  }

  @Test
  void theEndOfTheFirstUseIsNoSecondUse() {
    tier.use(1, 1, 2, 3);

    assertThat(tier.drain()).as("all are in one level").containsExactly(1L, 2L, 3L);
  }

  @Test
  void aScanPassesBlocksThatWereUsedAgain() {
    tier.use(1, 1, 1, 2, 2, 2).use(Tier.range(100, 180));

    assertThat(tier.has(1)).isTrue();
    assertThat(tier.has(2)).isTrue();
  }

  @Test
  void aBlockThatWasHotOnceComesDown() {
    use(20, 1);
    long next = 100;
    for (int i = 0; i < 10 && tier.has(1); i++) {
      tier.use(Tier.range(next, next + 128));
      next += 128;
    }

    assertThat(tier.has(1)).isFalse();
  }

  @Test
  void aBlockInUseComesDownToo() {
    use(20, 1);
    policy.withdraw(tier.slotOf(1));
    tier.use(Tier.range(100, 900));
    policy.offer(tier.slotOf(1));
    tier.use(2, 2, 2, 2, 2);
    tier.evict(); // what is due is moved here

    assertThat(tier.has(1)).as("moved, and the newest of its level").isTrue();
    assertThat(tier.drain()).endsWith(1L, 2L);
  }

  @Test
  void aBlockIsAsHotAfterItsEvictionAsBefore() {
    tier.use(1, 1, 1, 1, 2, 3);
    tier.evict(1);
    tier.use(1);
    tier.use(4);

    assertThat(tier.drain()).containsExactly(2L, 3L, 4L, 1L);
  }

  @Test
  void aBlockThatMovedDownIsTheNewestThere() {
    use(20, 1);
    tier.use(Tier.range(100, 2_000));

    assertThat(tier.has(1)).isFalse();
    assertThat(policy.candidateCount()).isEqualTo(64);
  }

  @Test
  void growingMuchKeepsTheLevelsOfWhatIsThere() {
    tier.use(1, 1, 1, 1, 2);
    policy.grow(1_000);
    policy.insert(999, 3, -1, 0);
    policy.touch(999);
    policy.offer(999);

    assertThat(policy.victim()).isEqualTo(tier.slotOf(2));
  }
}
