package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.policy.EvictionPolicyProvider;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class TinyLfuPolicyTest extends EvictionPolicyContract {

  private final TinyLfuPolicy policy = new TinyLfuPolicy(20);
  private final Tier tier = new Tier(policy, 20);

  @Override
  EvictionPolicyProvider provider() {
    return new TinyLfuPolicyProvider();
  }

  @Test
  void aScanPassesBlocksThatWereUsedAgain() {
    Tier larger = new Tier(new TinyLfuPolicy(200), 200);
    larger.use(Tier.range(0, 120)).use(Tier.range(0, 120)).use(Tier.range(0, 120));
    larger.use(Tier.range(1_000, 1_500));

    assertThat(LongStream.range(0, 120).filter(larger::has).count()).isGreaterThan(100);
  }

  @Test
  void aBlockNobodyWantsAgainDoesNotDisplaceOneOfTheMainPart() {
    Tier larger = new Tier(new TinyLfuPolicy(200), 200);
    larger.use(Tier.range(0, 200)); // 40 are in the window, 0 to 159 in the main part
    larger.use(Tier.range(1_000, 1_050));

    assertThat(LongStream.range(0, 160).filter(larger::has).count()).isGreaterThan(155);
    assertThat(larger.has(160)).as("it was the oldest of the window").isFalse();
  }

  @Test
  void aBlockAskedForMoreOftenTakesThePlaceOfAnother() {
    tier.use(Tier.range(0, 20));
    tier.use(16, 16, 17, 17, 18, 18, 19, 19).use(100, 101);

    assertThat(tier.has(0)).as("the oldest of the main part, used once").isFalse();
    assertThat(tier.has(16)).isTrue();
    assertThat(tier.has(17)).isTrue();
  }

  @Test
  void theWinnerLeavesTheWindowSoThatTheNextIsChallenger() {
    tier.use(Tier.range(0, 21)); // 16 was evicted; 17, 18, 19 and 20 are in the window
    tier.use(17, 17);
    tier.grow(20);
    tier.use(Tier.range(30, 40)); // the tier keeps 20 blocks and has 30

    assertThat(List.of(tier.evict(), tier.evict(), tier.evict())).containsExactly(18L, 19L, 20L);
    assertThat(tier.evict()).as("17 takes its place").isEqualTo(0);
    assertThat(tier.evict()).as("the next in the window, not the next in 17's way").isEqualTo(30);
  }

  @Test
  void aWindowBelowItsShareIsNotChallenged() {
    tier.use(Tier.range(0, 20));
    tier.evict(17);
    tier.evict(18);
    tier.evict(19);

    assertThat(tier.evict()).as("the oldest of the main part").isEqualTo(0);
  }

  @Test
  void usesBeforeAnEvictionCount() {
    tier.use(Tier.range(0, 20)).use(19, 19, 19);
    tier.evict(19);
    tier.use(19).use(200, 201, 202, 203, 204, 205);

    assertThat(tier.has(19)).isTrue();
  }

  @Test
  void blocksUsedAgainInTheMainPartAreProtected() {
    tier.use(Tier.range(0, 20)).use(0, 1);
    policy.withdraw(tier.slotOf(16));
    policy.withdraw(tier.slotOf(17));
    policy.withdraw(tier.slotOf(18));
    policy.withdraw(tier.slotOf(19));

    assertThat(tier.evict()).isEqualTo(2);
    for (long key = 3; key < 16; key++) {
      assertThat(tier.evict()).isEqualTo(key);
    }
    assertThat(tier.evict()).isEqualTo(0);
    assertThat(tier.evict()).isEqualTo(1);
  }

  @Test
  void aBlockUsedAgainInTheMainPartOutlastsANewerOneOnProbation() {
    tier.use(Tier.range(0, 20)).use(0).use(16, 16);
    tier.use(100, 101, 102, 103); // 17, 18 and 19 lost, 16 took the place of 1
    assertThat(tier.has(1)).isFalse();
    for (long key = 100; key < 104; key++) {
      policy.withdraw(tier.slotOf(key));
    }

    for (long key = 2; key <= 16; key++) {
      assertThat(tier.evict()).isEqualTo(key);
    }
    assertThat(tier.evict()).isEqualTo(0);
  }

  @Test
  void askedAgainItNamesTheSameVictim() {
    tier.use(Tier.range(0, 30)).use(29, 28, 29);
    int victim = policy.victim();

    assertThat(policy.victim()).isEqualTo(victim);
  }

  @Test
  void growingMuchBeginsToCountAnew() {
    tier.use(Tier.range(0, 20)).use(Tier.range(0, 20));
    policy.grow(100);
    policy.insert(99, 99, -1, 0);
    policy.touch(99);
    policy.offer(99);

    assertThat(policy.candidateCount()).isEqualTo(21);
    assertThat(policy.victim()).isNotNegative();
  }
}
