package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ReuseIndexTest {

  private static final int CAPACITY = 1_000;

  private static double rate(ReuseIndex index, int group, long age) {
    return index.index(group, index.spans().of(age));
  }

  @Test
  void nothing_is_promised_before_anything_was_learnt() {
    ReuseIndex index = new ReuseIndex(2, CAPACITY);

    assertThat(rate(index, 0, 0)).isZero();
    assertThat(rate(index, 1, 1_000_000)).isZero();
  }

  /** Group 0 is used again after 200 uses, group 1 never, group 2 after 3,000. */
  private static ReuseIndex learnt(int capacity) {
    ReuseIndex index = new ReuseIndex(3, capacity);
    long fresh = 1L << 40;
    long scale = capacity / CAPACITY;
    for (long now = 1; now <= 100_000 * scale; now++) {
      switch ((int) (now % 4)) {
        case 0 -> index.use(Mixing.mix(now / 4 % (50 * scale)), 0, now);
        case 1 -> index.use(Mixing.mix(2_000_000 + now / 4 % (750 * scale)), 2, now);
        default -> index.use(Mixing.mix(fresh++), 1, now);
      }
      index.refreshIfDue(now);
    }
    return index;
  }

  @Test
  void groups_rank_by_how_soon_they_are_used_again() {
    ReuseIndex index = learnt(CAPACITY);

    assertThat(rate(index, 0, 0))
        .isCloseTo(1.0 / 200, org.assertj.core.data.Percentage.withPercentage(20));
    assertThat(rate(index, 2, 0)).isBetween(1.0 / 4_500, 1.0 / 2_900);
    assertThat(rate(index, 1, 0)).isZero();
  }

  @Test
  void a_block_that_has_missed_its_time_promises_nothing_and_one_near_it_more() {
    ReuseIndex index = learnt(CAPACITY);

    assertThat(rate(index, 0, 1_000)).isZero();
    assertThat(rate(index, 2, 2_500)).isGreaterThan(3 * rate(index, 2, 0));
  }

  @Test
  void a_sample_of_a_large_tier_says_the_same() {
    ReuseIndex index = learnt(32 * CAPACITY);

    assertThat(rate(index, 0, 0))
        .isCloseTo(1.0 / 6_400, org.assertj.core.data.Percentage.withPercentage(30));
    assertThat(rate(index, 1, 0)).isZero();
  }

  @Test
  void what_changed_is_learnt_anew() {
    ReuseIndex index = learnt(CAPACITY);
    for (long now = 100_001; now <= 700_000; now++) {
      long key = now % 4 == 0 ? 5_000_000 + now / 4 % 50 : 9_000_000 + now;
      index.use(Mixing.mix(key), now % 4 == 0 ? 1 : 0, now);
      index.refreshIfDue(now);
    }

    assertThat(rate(index, 1, 0)).isGreaterThan(20 * rate(index, 0, 0));
  }

  @Test
  void more_blocks_than_expected_do_no_harm() {
    ReuseIndex index = new ReuseIndex(1, 4);
    SplittableRandom random = new SplittableRandom(1);
    for (long now = 1; now < 50_000; now++) {
      index.use(random.nextLong(), 0, now);
      if (now % 5_000 == 0) {
        index.refreshIfDue(now);
      }
    }

    assertThat(rate(index, 0, 0)).isZero();
  }
}
