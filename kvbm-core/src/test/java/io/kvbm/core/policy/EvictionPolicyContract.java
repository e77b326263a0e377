package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every eviction policy keeps to. A policy proves itself by extending this class. */
abstract class EvictionPolicyContract {

  /** {@return the policy under test} */
  abstract EvictionPolicyProvider provider();

  /** {@return what it is compared with; the default accepts any candidate as a victim} */
  PolicyModel model() {
    return new PolicyModel(null);
  }

  @Test
  void isFoundByItsName() {
    assertThat(EvictionPolicies.of(provider().name())).hasSameClassAs(provider());
    assertThat(provider().create(1).name()).isEqualTo(provider().name());
    assertThat(provider().description()).isNotBlank().doesNotContain("\n");
  }

  @Test
  void anEmptyPolicyHasNothingToEvict() {
    EvictionPolicy policy = provider().create(4);

    assertThat(policy.candidateCount()).isZero();
    assertThat(policy.evict()).isEqualTo(EvictionPolicy.NONE);
  }

  @Test
  void aBlockIsNoCandidateBeforeItIsOffered() {
    EvictionPolicy policy = provider().create(4);
    policy.insert(2, 20, EvictionPolicy.NONE, 0);
    policy.touch(2);

    assertThat(policy.candidateCount()).isZero();
    assertThat(policy.evict()).isEqualTo(EvictionPolicy.NONE);

    policy.offer(2);
    assertThat(policy.candidateCount()).isEqualTo(1);
    assertThat(policy.evict()).isEqualTo(2);
    assertThat(policy.evict()).isEqualTo(EvictionPolicy.NONE);
  }

  @Test
  void offeringAndWithdrawingTwiceIsTheSameAsOnce() {
    EvictionPolicy policy = provider().create(2);
    policy.insert(0, 1, EvictionPolicy.NONE, 0);
    policy.insert(1, 2, 0, 0);
    policy.withdraw(0);
    policy.offer(0);
    policy.offer(0);
    policy.offer(1);
    assertThat(policy.candidateCount()).isEqualTo(2);

    policy.withdraw(0);
    policy.withdraw(0);
    assertThat(policy.candidateCount()).isEqualTo(1);
    assertThat(policy.evict()).isEqualTo(1);
    assertThat(policy.evict()).isEqualTo(EvictionPolicy.NONE);
  }

  @Test
  void aRemovedBlockIsNeitherEvictedNorInTheWayOfTheNextInItsSlot() {
    EvictionPolicy policy = provider().create(2);
    policy.insert(0, 1, EvictionPolicy.NONE, 0);
    policy.insert(1, 2, 0, 0);
    policy.offer(0);
    policy.remove(0);
    policy.remove(1);
    assertThat(policy.evict()).isEqualTo(EvictionPolicy.NONE);

    policy.insert(0, 3, EvictionPolicy.NONE, 0);
    assertThat(policy.candidateCount()).isZero();
    policy.offer(0);
    assertThat(policy.evict()).isEqualTo(0);
  }

  @Test
  void growingKeepsWhatThereIsAndAddsSlots() {
    EvictionPolicy policy = provider().create(1);
    policy.insert(0, 1, EvictionPolicy.NONE, 0);
    policy.offer(0);
    policy.grow(100);
    policy.insert(99, 2, 0, 0);
    policy.offer(99);

    assertThat(List.of(policy.evict(), policy.evict())).containsExactlyInAnyOrder(0, 99);
    assertThat(policy.evict()).isEqualTo(EvictionPolicy.NONE);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void agreesWithTheModelOnRandomCalls(long seed) {
    Random random = new Random(seed);
    int capacity = 1 + random.nextInt(24);
    EvictionPolicy policy = provider().create(capacity);
    PolicyModel model = model();
    List<String> history = new ArrayList<>();
    for (int step = 0; step < 4_000; step++) {
      if (step % 500 == 499) {
        capacity += random.nextInt(8);
        history.add("grow " + capacity);
        policy.grow(capacity);
      }
      history.add(step(policy, model, random, capacity, seed, history));
      assertThat(policy.candidateCount())
          .as("candidates, seed %d, after %s", seed, tail(history))
          .isEqualTo(model.candidateCount());
    }
    drain(policy, model, seed);
  }

  private static String step(
      EvictionPolicy policy,
      PolicyModel model,
      Random random,
      int capacity,
      long seed,
      List<String> history) {
    int slot = random.nextInt(capacity);
    if (random.nextInt(8) == 0) {
      return "evict " + evict(policy, model, seed, history);
    }
    if (!model.isResident(slot)) {
      int priority = random.nextInt(3);
      policy.insert(slot, random.nextLong(), EvictionPolicy.NONE, priority);
      model.insert(slot, priority);
      return "insert " + slot + " priority " + priority;
    }
    switch (random.nextInt(10)) {
      case 0 -> {
        int priority = random.nextInt(3);
        policy.prioritize(slot, priority);
        model.prioritize(slot, priority);
        return "prioritize " + slot + " " + priority;
      }
      case 1 -> {
        policy.withdraw(slot);
        model.setCandidate(slot, false);
        return "withdraw " + slot;
      }
      case 2 -> {
        policy.remove(slot);
        model.remove(slot);
        return "remove " + slot;
      }
      case 3, 4, 5 -> {
        policy.touch(slot);
        model.touch(slot);
        return "touch " + slot;
      }
      default -> {
        policy.offer(slot);
        model.setCandidate(slot, true);
        return "offer " + slot;
      }
    }
  }

  private static void drain(EvictionPolicy policy, PolicyModel model, long seed) {
    while (evict(policy, model, seed, List.of("drain")) != EvictionPolicy.NONE) {
      assertThat(policy.candidateCount()).isEqualTo(model.candidateCount());
    }
  }

  private static int evict(
      EvictionPolicy policy, PolicyModel model, long seed, List<String> history) {
    List<Integer> victims = model.victims();
    int evicted = policy.evict();
    if (victims.isEmpty()) {
      assertThat(evicted).as("seed %d", seed).isEqualTo(EvictionPolicy.NONE);
    } else {
      assertThat(victims).as("victims, seed %d, after %s", seed, tail(history)).contains(evicted);
      model.remove(evicted);
    }
    return evicted;
  }

  private static List<String> tail(List<String> history) {
    return history.subList(Math.max(0, history.size() - 20), history.size());
  }
}
