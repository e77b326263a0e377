package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.policy.EvictionPolicy;
import org.junit.jupiter.api.Test;

class ConversationTurnsTest {

  private static final int NONE = EvictionPolicy.NONE;

  private final ConversationTurns turns = new ConversationTurns(64);
  private final int[] remembered = new int[64];
  private long now;

  /**
   * A request of slots {@code from} to {@code to - 1} in a row, those from {@code known} on new.
   */
  private int[] request(int from, int known, int to) {
    for (int slot = to - 1; slot >= known; slot--) { // children first, as lower tiers see them
      turns.enter(slot, slot == known && slot > from ? slot - 1 : NONE, remembered[slot], now);
      if (slot < to - 1) {
        turns.link(slot + 1, slot);
      }
    }
    int[] used = new int[to - from];
    for (int slot = to - 1; slot >= from; slot--) {
      used[slot - from] = turns.use(slot, ++now);
    }
    return used;
  }

  @Test
  void each_request_of_a_conversation_is_a_turn_and_counts_for_all_it_uses() {
    assertThat(request(0, 0, 3)).containsExactly(1, 1, 1);
    assertThat(request(0, 3, 5)).containsExactly(2, 2, 2, 2, 2);
    assertThat(request(0, 5, 6)).containsExactly(3, 3, 3, 3, 3, 3);
  }

  @Test
  void a_request_without_new_blocks_is_for_the_turn_of_its_last() {
    request(0, 0, 3);
    request(0, 3, 5);

    assertThat(request(0, 3, 3)).containsExactly(1, 1, 1);
  }

  @Test
  void parents_may_come_first_and_uses_may_end_from_the_front() {
    for (int slot = 0; slot < 4; slot++) {
      turns.enter(slot, slot - 1, 0, now);
    }
    for (int slot = 0; slot < 4; slot++) {
      assertThat(turns.use(slot, ++now)).isEqualTo(1);
    }
    turns.enter(4, 3, 0, now);

    assertThat(turns.use(4, ++now)).isEqualTo(2);
  }

  @Test
  void an_evicted_block_keeps_its_turn_when_it_comes_back() {
    request(0, 0, 3);
    request(0, 3, 5);
    for (int slot = 4; slot >= 0; slot--) {
      remembered[slot] = turns.turn(slot);
      turns.leave(slot);
    }

    assertThat(request(0, 0, 7)).containsExactly(3, 3, 3, 3, 3, 3, 3);
  }

  @Test
  void a_parent_is_followed_until_its_last_child_leaves() {
    turns.enter(0, NONE, 0, now);
    turns.enter(1, 0, 0, now);
    turns.enter(2, 0, 0, now);
    turns.link(2, 0); // told twice, counted once
    assertThat(turns.isFollowed(0)).isTrue();
    assertThat(turns.isFollowed(1)).isFalse();

    assertThat(turns.leave(2)).isEqualTo(NONE);
    assertThat(turns.isFollowed(0)).isTrue();
    assertThat(turns.leave(1)).isZero();
    assertThat(turns.isFollowed(0)).isFalse();
  }

  @Test
  void what_takes_the_slot_of_a_parent_that_left_is_no_parent() {
    turns.enter(0, NONE, 0, now);
    turns.enter(1, 0, 0, now);
    turns.leave(0); // for instance because it was damaged
    turns.enter(0, NONE, 0, now);
    turns.use(0, ++now);

    assertThat(turns.isFollowed(0)).isFalse();
    assertThat(turns.leave(1)).isEqualTo(NONE);
    assertThat(turns.isFollowed(0)).isFalse();
  }

  @Test
  void no_block_comes_before_itself() {
    turns.enter(0, NONE, 0, now);
    turns.enter(1, 0, 0, now);
    turns.link(0, 1);
    turns.link(0, 0);

    assertThat(turns.isFollowed(1)).isFalse();

    assertThat(turns.use(0, ++now)).isEqualTo(1);
    assertThat(turns.use(1, ++now)).isEqualTo(1);
  }

  @Test
  void turns_stop_at_the_last_and_a_long_chain_is_no_recursion() {
    ConversationTurns many = new ConversationTurns(2);
    many.grow(20_000);
    for (int slot = 0; slot < 20_000; slot++) {
      many.enter(slot, slot - 1, 0, slot);
      if (slot < 300) {
        many.use(slot, slot);
      }
    }
    assertThat(many.use(19_999, 20_000)).isEqualTo(ConversationTurns.LAST_TURN);
  }
}
