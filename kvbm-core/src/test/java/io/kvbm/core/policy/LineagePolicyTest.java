package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CallerException;
import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineagePolicyTest extends EvictionPolicyContract {

  private static final int A = 0;
  private static final int B = 1;
  private static final int X = 2;
  private static final int Y = 3;

  private final EvictionPolicy policy = provider().create(4);

  @Override
  EvictionPolicyProvider provider() {
    return new LineagePolicyProvider();
  }

  private void come(int slot, int parent) {
    policy.insert(slot, slot, parent, 0);
    policy.touch(slot);
    policy.offer(slot);
  }

  private List<Integer> drain() {
    List<Integer> order = new ArrayList<>();
    for (int slot = policy.evict(); slot != EvictionPolicy.NONE; slot = policy.evict()) {
      order.add(slot);
    }
    return order;
  }

  /** There is no variant by order of arrival, in which theirs gives up B, Y, A, X here. */
  @Test
  void case46_twoChainsLeaveLeavesFirstAndAParentKeepsItsTick() {
    come(A, EvictionPolicy.NONE);
    come(B, A);
    come(X, EvictionPolicy.NONE);
    come(Y, X);

    assertThat(drain()).as("A is older than Y").containsExactly(B, A, Y, X);
  }

  @Test
  void case46_aChildMayComeBeforeItsParent() {
    come(B, EvictionPolicy.NONE);
    come(A, EvictionPolicy.NONE);
    come(X, EvictionPolicy.NONE);
    policy.touch(B);
    policy.link(B, A);

    assertThat(drain()).containsExactly(X, B, A);
  }

  @Test
  void case46_aChainOfAThousandDrainsFromItsEnd() {
    EvictionPolicy chain = provider().create(1_000);
    List<Integer> expected = new ArrayList<>();
    for (int slot = 0; slot < 1_000; slot++) {
      chain.insert(slot, slot, slot - 1, 0);
      expected.addFirst(slot);
    }
    for (int slot = 999; slot >= 0; slot--) {
      chain.touch(slot);
      chain.offer(slot);
    }
    List<Integer> order = new ArrayList<>();
    for (int slot = chain.evict(); slot != EvictionPolicy.NONE; slot = chain.evict()) {
      order.add(slot);
    }

    assertThat(order).isEqualTo(expected);
  }

  @Test
  void case46_aSplitSequenceKeepsItsStemUntilBothBranchesLeft() {
    come(A, EvictionPolicy.NONE);
    come(B, A);
    come(X, A);
    come(Y, X);

    assertThat(drain()).containsExactly(B, Y, X, A);
  }

  @Test
  void case46_blocksWithKeysThatAreAlikeAreNotTakenForEachOther() {
    long key = 0x1234_5678_9ABC_DEF0L;
    policy.insert(A, key, EvictionPolicy.NONE, 0);
    policy.insert(X, key ^ 1L << 63, EvictionPolicy.NONE, 0);
    policy.insert(B, key, A, 0); // even the same key
    for (int slot : new int[] {A, X, B}) {
      policy.offer(slot);
    }

    assertThat(drain()).containsExactly(X, B, A);
  }

  @Test
  void aParentInUseGoesOnlyWhenItIsOffered() {
    come(A, EvictionPolicy.NONE);
    come(B, A);
    policy.withdraw(A);
    assertThat(drain()).containsExactly(B);
    policy.offer(A);

    assertThat(drain()).containsExactly(A);
  }

  @Test
  void childrenOfAParentThatLeftDoNotHoldUpTheNextInItsSlot() {
    come(A, EvictionPolicy.NONE);
    come(B, A);
    policy.evicted(A); // another than the policy decided
    come(A, EvictionPolicy.NONE);
    policy.touch(B);
    assertThat(policy.victim()).as("B is not the child of the new A").isEqualTo(A);
    come(X, A);
    policy.remove(B);
    assertThat(policy.victim()).as("A has its own child still").isEqualTo(X);

    assertThat(drain()).containsExactly(X, A);
  }

  @Test
  void linkingTwiceIsTheSameAsOnceAndAnotherParentReplacesTheFirst() {
    come(A, EvictionPolicy.NONE);
    come(X, EvictionPolicy.NONE);
    come(B, A);
    policy.link(B, A);
    policy.link(B, X);
    assertThat(policy.victim()).as("A has no child any more").isEqualTo(A);

    assertThat(drain()).containsExactly(A, B, X);
  }

  @Test
  void aCircleIsNotTaken() {
    come(A, EvictionPolicy.NONE);
    come(B, A);
    come(X, B);
    policy.link(A, X);
    policy.link(A, A);

    assertThat(drain()).containsExactly(X, B, A);
  }

  @Test
  void onlyAResidentBlockIsLinked() {
    assertThatExceptionOfType(CallerException.class).isThrownBy(() -> policy.link(A, B));
  }

  @Test
  void aParentThatIsNotResidentIsNone() {
    come(B, A);
    policy.link(B, -7);

    assertThat(drain()).isEqualTo(Collections.singletonList(B));
  }
}
