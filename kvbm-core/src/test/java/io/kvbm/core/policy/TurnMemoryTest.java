package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TurnMemoryTest {

  @Test
  void what_was_remembered_last_is_answered() {
    TurnMemory memory = new TurnMemory(64);
    assertThat(memory.turn(7)).isEqualTo(TurnMemory.UNKNOWN);

    memory.remember(7, 3);
    memory.remember(0, 127);
    assertThat(memory.turn(7)).isEqualTo(3);
    assertThat(memory.turn(0)).isEqualTo(127);

    memory.remember(7, 4);
    assertThat(memory.turn(7)).isEqualTo(4);
    assertThat(memory.turn(8)).isEqualTo(TurnMemory.UNKNOWN);
  }

  @Test
  void half_of_the_expected_keys_are_mostly_kept_and_many_more_push_old_ones_out() {
    TurnMemory memory = new TurnMemory(1 << 12);
    for (int key = 0; key < 1 << 11; key++) {
      memory.remember(key, 1 + key % 100);
    }
    assertThat(known(memory, 0, 1 << 11)).isGreaterThan((1 << 11) * 9 / 10);

    for (int key = 1 << 11; key < 1 << 16; key++) {
      memory.remember(key, 9);
    }
    assertThat(known(memory, 0, 1 << 11)).isLessThan((1 << 11) / 20);
    assertThat(known(memory, 63 << 10, 1 << 16)).isGreaterThan(512);
  }

  private static int known(TurnMemory memory, int from, int to) {
    int known = 0;
    for (int key = from; key < to; key++) {
      int turn = memory.turn(key);
      known += turn == (key < 1 << 11 ? 1 + key % 100 : 9) ? 1 : 0;
    }
    return known;
  }

  @Test
  void the_smallest_memory_holds_something() {
    TurnMemory memory = new TurnMemory(1);
    memory.remember(5, 2);

    assertThat(memory.turn(5)).isEqualTo(2);
  }
}
