package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class UseCountsTest {

  private static final int BLOCKS = 1_000;

  private final UseCounts uses = new UseCounts(BLOCKS, 2);

  private void count(long key, int times) {
    for (int i = 0; i < times; i++) {
      uses.count(key, BLOCKS);
    }
  }

  @Test
  void case52_aKeyCountsItsUsesUpToALimit() {
    count(1, 1);
    count(2, 3);
    count(3, 20);

    assertThat(uses.of(1)).isEqualTo(1);
    assertThat(uses.of(2)).isEqualTo(3);
    assertThat(uses.of(3)).isEqualTo(UseCounts.MAX);
    assertThat(uses.of(4)).isZero();
  }

  @Test
  void countsAreHalvedAfterTwoUsesForEachBlock() {
    count(1, 12);
    count(2, 2 * BLOCKS - 13);
    assertThat(uses.of(1)).isEqualTo(12);
    count(2, 1);

    assertThat(uses.of(1)).isEqualTo(6);
  }

  @Test
  void aTierThatKeepsNothingDoesNotForgetAtOnce() {
    for (int i = 0; i < 8; i++) {
      uses.count(1, 0);
    }

    assertThat(uses.of(1)).isEqualTo(8);
  }

  @Test
  void growingALittleKeepsTheCountsAndGrowingMuchBeginsAnew() {
    count(1, 5);
    uses.grow(2 * BLOCKS);
    assertThat(uses.of(1)).isEqualTo(5);
    uses.grow(2 * BLOCKS + 2);

    assertThat(uses.of(1)).isZero();
  }

  @Test
  void blocksThatPassDoNotRaiseTheCountsOfOthers() {
    for (long key = 100; key < 100 + 2 * BLOCKS - 1; key++) {
      count(key, 1);
    }
    int raised = 0;
    for (long key = 1_000_000; key < 1_001_000; key++) {
      raised += uses.of(key) > 0 ? 1 : 0;
    }

    assertThat(raised).isLessThan(50);
  }
}
