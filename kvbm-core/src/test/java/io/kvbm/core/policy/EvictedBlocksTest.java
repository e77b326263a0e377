package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EvictedBlocksTest {

  private static int turn(EvictedBlocks memory, long key) {
    return EvictedBlocks.turn(memory.find(Mixing.mix(key)));
  }

  private static void remember(EvictedBlocks memory, long key, int turn, int segment) {
    memory.remember(Mixing.mix(key), turn, segment);
  }

  @Test
  void what_was_remembered_last_is_answered() {
    EvictedBlocks memory = new EvictedBlocks(16);
    assertThat(memory.find(Mixing.mix(7))).isEqualTo(EvictedBlocks.UNKNOWN);
    assertThat(EvictedBlocks.turn(EvictedBlocks.UNKNOWN)).isZero();

    remember(memory, 7, 3, 0);
    remember(memory, 0, 127, 1);
    assertThat(turn(memory, 7)).isEqualTo(3);
    assertThat(EvictedBlocks.segment(memory.find(Mixing.mix(7)))).isZero();
    assertThat(turn(memory, 0)).isEqualTo(127);
    assertThat(EvictedBlocks.segment(memory.find(Mixing.mix(0)))).isEqualTo(1);

    remember(memory, 7, 4, 1);
    assertThat(turn(memory, 7)).isEqualTo(4);
    assertThat(EvictedBlocks.segment(memory.find(Mixing.mix(7)))).isEqualTo(1);
    assertThat(turn(memory, 8)).isZero();
  }

  @Test
  void two_capacities_are_mostly_kept_and_many_more_push_old_ones_out() {
    EvictedBlocks memory = new EvictedBlocks(1 << 10);
    for (int key = 0; key < 1 << 11; key++) {
      remember(memory, key, 1 + key % 100, 0);
    }
    assertThat(known(memory, 0, 1 << 11)).isGreaterThan((1 << 11) * 9 / 10);

    for (int key = 1 << 11; key < 1 << 16; key++) {
      remember(memory, key, 9, 0);
    }
    assertThat(known(memory, 0, 1 << 11)).isLessThan((1 << 11) / 20);
    assertThat(known(memory, 63 << 10, 1 << 16)).isGreaterThan(512);
  }

  private static int known(EvictedBlocks memory, int from, int to) {
    int known = 0;
    for (int key = from; key < to; key++) {
      known += turn(memory, key) == (key < 1 << 11 ? 1 + key % 100 : 9) ? 1 : 0;
    }
    return known;
  }

  @Test
  void time_passes_with_the_evictions_of_the_same_segment() {
    int capacity = 1_600;
    EvictedBlocks memory = new EvictedBlocks(capacity);
    remember(memory, 1, 5, 0);
    long entry = memory.find(Mixing.mix(1));
    assertThat(memory.evictionsSince(entry)).isZero();

    for (int i = 0; i < 1_000; i++) {
      remember(memory, 1_000 + i, 5, 1);
    }
    assertThat(memory.evictionsSince(entry)).isZero();

    for (int i = 0; i < 1_000; i++) {
      remember(memory, 5_000 + i, 5, 0);
    }
    assertThat(memory.evictionsSince(entry)).isBetween(1_000L - capacity / 16, 1_000L);
  }

  @Test
  void the_smallest_memory_holds_something() {
    EvictedBlocks memory = new EvictedBlocks(1);
    remember(memory, 5, 2, 0);

    assertThat(turn(memory, 5)).isEqualTo(2);
  }
}
