package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.policy.EvictionPolicy;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class OrderedPolicyTest {

  private final EvictionPolicy policy = new LruPolicyProvider().create(2);

  @Test
  void aSlotOutOfRangeIsRefused() {
    assertRefused(() -> policy.insert(2, 1, EvictionPolicy.NONE, 0), ErrorCode.INVALID_BLOCK_INDEX);
    assertRefused(() -> policy.touch(-1), ErrorCode.INVALID_BLOCK_INDEX);
  }

  @Test
  void aSlotIsInsertedOnceAndUsedOnlyWhileResident() {
    policy.insert(0, 1, EvictionPolicy.NONE, 0);

    assertRefused(() -> policy.insert(0, 1, EvictionPolicy.NONE, 0), ErrorCode.BLOCK_STATE_INVALID);
    assertRefused(() -> policy.touch(1), ErrorCode.BLOCK_STATE_INVALID);
    assertRefused(() -> policy.offer(1), ErrorCode.BLOCK_STATE_INVALID);
    assertRefused(() -> policy.withdraw(1), ErrorCode.BLOCK_STATE_INVALID);
    assertRefused(() -> policy.prioritize(1, 0), ErrorCode.BLOCK_STATE_INVALID);
    assertRefused(() -> policy.remove(1), ErrorCode.BLOCK_STATE_INVALID);
    assertThat(policy.candidateCount()).isZero();
  }

  @Test
  void anEvictedSlotIsNotResident() {
    policy.insert(0, 1, EvictionPolicy.NONE, 0);
    policy.offer(0);
    assertThat(policy.evict()).isZero();

    assertRefused(() -> policy.touch(0), ErrorCode.BLOCK_STATE_INVALID);
  }

  @Test
  void itDoesNotShrink() {
    assertRefused(() -> policy.grow(1), ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void noPolicyHasNoSlots() {
    assertRefused(() -> new LruPolicyProvider().create(0), ErrorCode.INVALID_ARGUMENT);
    assertRefused(() -> new FifoPolicyProvider().create(-1), ErrorCode.INVALID_ARGUMENT);
    assertRefused(() -> new PriorityPolicyProvider().create(0), ErrorCode.INVALID_ARGUMENT);
  }

  private static void assertRefused(ThrowingCallable call, ErrorCode code) {
    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(call)
        .satisfies(e -> assertThat(e.code()).isEqualTo(code));
  }
}
