package io.kvbm.core.retention;

import static io.kvbm.core.retention.TestPool.chain;
import static io.kvbm.core.retention.TestPool.key;
import static io.kvbm.core.retention.TestPool.keys;
import static io.kvbm.core.retention.TestPool.register;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.ContentListener;
import io.kvbm.core.time.Deadlines;
import io.kvbm.testkit.ManualClock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class TimeToLiveTest {

  private static final long SECOND = 1_000_000_000L;

  private final ManualClock clock = new ManualClock();

  /** Blocks live ten seconds, those from 100 on for ever. */
  private final TimeToLive lives =
      new TimeToLive(key -> key.lo() >= 100 ? Deadlines.NEVER : 10 * SECOND, clock);

  private final ContentListener content = lives.tier();
  private final BlockPool pool = TestPool.of(16, content);
  private final BlockPool below = TestPool.of(16, lives.tier());

  @Test
  void blocks_are_dropped_when_their_time_is_over_children_first() {
    chain(pool, 1, 2, 3, 4);
    chain(pool, 100);
    pass(9);
    assertThat(sweep()).isZero();
    assertThat(lives.isExpired(key(1))).isFalse();
    pass(1);
    assertThat(lives.isExpired(key(1))).isTrue();
    assertThat(lives.isExpired(key(100))).isFalse();

    assertThat(sweep()).isEqualTo(4);

    assertThat(pool.contains(key(1))).isFalse();
    assertThat(pool.contains(key(100))).isTrue();
    assertThat(lives.statistics()).isEqualTo(new TimeToLive.Statistics(0, 4, 0));
  }

  @Test
  void a_parent_that_came_after_its_child_still_goes_after_it() {
    register(pool, key(2), key(1)).close();
    register(pool, key(3), key(2)).close();
    register(pool, key(1), null).close();
    pass(10);

    assertThat(sweep()).isEqualTo(3);
    assertThat(lives.statistics().deferred()).isZero();
  }

  @Test
  void a_block_in_use_is_dropped_by_a_later_sweep() {
    ImmutableBlock used = register(pool, key(1), null);
    pass(10);
    assertThat(sweep()).isZero();
    used.close();
    assertThat(sweep()).isZero();
    pass(1);

    assertThat(sweep()).isEqualTo(1);
    assertThat(lives.statistics()).isEqualTo(new TimeToLive.Statistics(0, 1, 1));
  }

  @Test
  void a_parent_waits_for_a_child_that_lives_on() {
    chain(pool, 1, 100);
    pass(10);
    assertThat(sweep()).isZero();
    assertThat(pool.contains(key(1))).isTrue();
    pool.resetBlocks(keys(100));
    pass(1);

    assertThat(sweep()).isEqualTo(1);
  }

  @Test
  void a_sweep_looks_at_no_more_than_allowed() {
    for (long n = 1; n <= 5; n++) {
      chain(pool, n);
    }
    pass(10);

    assertThat(lives.sweep(List.of(pool), 2, SECOND)).isEqualTo(2);
    assertThat(lives.sweep(List.of(pool), 2, SECOND)).isEqualTo(2);
    assertThat(lives.sweep(List.of(pool), 2, SECOND)).isEqualTo(1);
  }

  @Test
  void a_renewed_block_lives_from_then_on() {
    chain(pool, 1);
    chain(pool, 100);
    pass(5);
    lives.renew(key(1), 10 * SECOND);
    lives.renew(key(100), SECOND);
    pass(5);
    assertThat(sweep()).isEqualTo(1);
    assertThat(pool.contains(key(100))).isFalse();
    assertThat(pool.contains(key(1))).isTrue();
    lives.renew(key(1), Deadlines.NEVER);
    pass(1_000);

    assertThat(sweep()).isZero();
    assertThat(lives.statistics().watched()).isZero();
  }

  @Test
  void what_left_and_came_back_lives_from_when_it_came_back() {
    chain(pool, 1);
    pass(6);
    pool.resetBlocks(keys(1));
    assertThat(lives.statistics().watched()).isZero();
    chain(pool, 1);
    pass(6);
    assertThat(sweep()).isZero();
    pass(4);
    assertThat(sweep()).isEqualTo(1);
  }

  @Test
  void an_emptied_pool_leaves_nothing_to_watch() {
    chain(pool, 1, 2);
    pool.reset();

    assertThat(lives.statistics().watched()).isZero();
  }

  @Test
  void a_block_the_pool_does_not_know_is_forgotten() {
    content.entered(key(9), null, new int[0]);
    pass(10);

    assertThat(sweep()).isZero();
    assertThat(lives.statistics().watched()).isZero();
  }

  @Test
  void parents_that_form_a_circle_do_not_hang_the_sweep() {
    register(pool, key(1), key(2)).close();
    content.entered(key(2), key(1), new int[0]);
    pass(10);

    assertThat(sweep()).isEqualTo(1);
  }

  @Test
  void time_goes_on_while_a_block_is_moved_from_tier_to_tier() {
    chain(pool, 1);
    pass(6);
    chain(below, 1);
    pool.resetBlocks(keys(1));
    pass(4);
    assertThat(lives.isExpired(key(1))).isTrue();

    assertThat(sweep()).isEqualTo(1);
    assertThat(below.contains(key(1))).isFalse();
    assertThat(lives.isExpired(key(1))).isFalse();
  }

  @Test
  void a_block_in_two_tiers_is_dropped_in_both_and_counts_once() {
    chain(pool, 1);
    chain(below, 1);
    pass(10);

    assertThat(sweep()).isEqualTo(1);
    assertThat(lives.statistics()).isEqualTo(new TimeToLive.Statistics(0, 1, 0));
  }

  @Test
  void a_block_made_anew_lives_from_then_on_and_another_does_not() {
    chain(pool, 1);
    pass(5);
    lives.madeAnew(keys(1));
    pass(5);
    assertThat(lives.isExpired(key(1))).isTrue();
    lives.madeAnew(keys(1, 7));
    assertThat(lives.isExpired(key(1))).isFalse();
    assertThat(sweep()).isZero();
    pass(10);

    assertThat(sweep()).isEqualTo(1);
  }

  private void pass(long seconds) {
    clock.advance(Duration.ofSeconds(seconds));
  }

  private int sweep() {
    return lives.sweep(List.of(pool, below), 100, SECOND);
  }
}
