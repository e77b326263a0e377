package io.kvbm.core.retention;

import static io.kvbm.core.retention.TestPool.chain;
import static io.kvbm.core.retention.TestPool.evictAll;
import static io.kvbm.core.retention.TestPool.key;
import static io.kvbm.core.retention.TestPool.keys;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.time.Deadlines;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PinsTest {

  private static final long SECOND = 1_000_000_000L;
  private static final long BLOCK_BYTES = 4 * 8 * 2;

  private final BlockPool pool = TestPool.of(8);
  private final Deadlines deadlines = Deadlines.manual(0);
  private final RetainedBlocks retained = new RetainedBlocks(pool, 0.5);
  private final Pins pins = new Pins(retained, deadlines);

  @Test
  void a_pinned_block_and_its_parents_outlive_an_eviction_of_everything_else() {
    chain(pool, 1, 2, 3);
    chain(pool, 11, 12);

    PinReport report = pins.pin("a", keys(2, 99), Deadlines.NEVER);
    evictAll(pool);

    assertThat(report).isEqualTo(new PinReport(keys(2), keys(99)));
    assertThat(pool.contains(key(1))).isTrue();
    assertThat(pool.contains(key(2))).isTrue();
    assertThat(pool.contains(key(3))).isFalse();
    assertThat(pool.contains(key(11))).isFalse();
  }

  @Test
  void a_block_pinned_twice_is_unpinned_twice() {
    chain(pool, 1);
    pins.pin("a", keys(1, 1), Deadlines.NEVER);

    assertThat(pins.unpin("a", keys(1))).isEqualTo(1);
    evictAll(pool);
    assertThat(pool.contains(key(1))).isTrue();
    assertThat(pins.unpin("a", keys(1))).isEqualTo(1);
    assertThat(pins.unpin("a", keys(1))).isZero();
    evictAll(pool);
    assertThat(pool.contains(key(1))).isFalse();
    assertThat(pins.statistics().byOwner()).isEmpty();
  }

  @Test
  void owners_pin_for_themselves() {
    chain(pool, 1, 2);
    pins.pin("a", keys(1, 2), Deadlines.NEVER);
    pins.pin("b", keys(1), SECOND);

    assertThat(pins.unpin("b", keys(2))).isZero();
    assertThat(pins.statistics().byOwner())
        .isEqualTo(
            Map.of(
                "a", new PinStatistics.OwnerPins(2, 2 * BLOCK_BYTES),
                "b", new PinStatistics.OwnerPins(1, BLOCK_BYTES)));
    assertThat(pins.release("a")).isEqualTo(2);
    assertThat(pins.release("a")).isZero();
    evictAll(pool);
    assertThat(pool.contains(key(1))).isTrue();
    assertThat(pool.contains(key(2))).isFalse();
    assertThat(pins.unpin("b", keys(1))).isEqualTo(1);
    assertThat(deadlines.pendingCount()).isZero();
  }

  @Test
  void a_pin_ends_when_its_time_is_over() {
    chain(pool, 1);
    pins.pin("a", keys(1), SECOND);
    deadlines.advanceTo(SECOND - 1);
    evictAll(pool);
    assertThat(pool.contains(key(1))).isTrue();

    deadlines.advanceTo(SECOND);
    evictAll(pool);

    assertThat(pool.contains(key(1))).isFalse();
    assertThat(pins.statistics().expired()).isEqualTo(1);
    assertThat(pins.statistics().retainedBlocks()).isZero();
  }

  @Test
  void the_later_end_holds_and_then_all_pins_of_the_owner_end() {
    chain(pool, 1);
    pins.pin("a", keys(1), 2 * SECOND);
    pins.pin("a", keys(1), SECOND);
    deadlines.advanceTo(SECOND);
    assertThat(pins.statistics().retainedBlocks()).isEqualTo(1);
    pins.pin("a", keys(1), 5 * SECOND);
    deadlines.advanceTo(2 * SECOND);
    assertThat(pins.statistics().retainedBlocks()).isEqualTo(1);

    deadlines.advanceTo(6 * SECOND);

    assertThat(pins.statistics().retainedBlocks()).isZero();
    assertThat(pins.statistics().expired()).isEqualTo(3);
    assertThat(deadlines.pendingCount()).isZero();
  }

  @Test
  void no_more_than_the_share_of_the_pool_is_pinned() {
    chain(pool, 1, 2, 3, 4, 5);
    pins.pin("a", keys(1, 2, 3), Deadlines.NEVER);

    assertThatExceptionOfType(CapacityException.class)
        .isThrownBy(() -> pins.pin("b", keys(3, 4, 5), Deadlines.NEVER))
        .withMessageContaining("may keep 4 of its 8 blocks in use, 3 are kept and 2 more asked for")
        .satisfies(e -> assertThat(e.available()).isEqualTo(1));
    assertThat(pins.statistics().refused()).isEqualTo(1);
    assertThat(pins.statistics().byOwner()).containsOnlyKeys("a");
    assertThat(pins.pin("b", keys(3, 4), Deadlines.NEVER).pinned()).hasSize(2);
    assertThat(pins.statistics().retainedBlocks()).isEqualTo(4);
    evictAll(pool);
    assertThat(pool.contains(key(5))).isFalse();
  }

  @Test
  void a_block_that_took_the_place_of_a_damaged_one_is_pinned_in_its_stead() {
    chain(pool, 1);
    pins.pin("a", keys(1), Deadlines.NEVER);
    pool.remove(pool.find(key(1)).orElseThrow());
    chain(pool, 1);
    pins.pin("b", keys(1), Deadlines.NEVER);

    pins.release("a");
    evictAll(pool);

    assertThat(pool.contains(key(1))).isTrue();
    assertThat(pool.availableBlocks()).isEqualTo(7);
  }

  @Test
  void closing_ends_all_pins() {
    chain(pool, 1, 2);
    pins.pin("a", keys(1, 1), SECOND);
    pins.pin("b", keys(2), Deadlines.NEVER);
    pins.close();
    pins.close();

    assertThat(retained.blockCount()).isZero();
    assertThat(pool.availableBlocks()).isEqualTo(8);
    assertThat(deadlines.pendingCount()).isZero();
  }

  @Test
  void a_share_outside_zero_to_one_is_refused() {
    for (double share : new double[] {0, -1, 1.01, Double.NaN}) {
      assertThatExceptionOfType(ConfigurationException.class)
          .isThrownBy(() -> new RetainedBlocks(pool, share));
    }
  }

  @Test
  void pinning_and_unpinning_from_many_threads_leaves_nothing_pinned() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    chain(pool, 1, 2, 3, 4);
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      List<Future<?>> running =
          IntStream.range(0, 4)
              .<Future<?>>mapToObj(
                  i -> threads.submit(() -> pinAndUnpin("owner" + i % 2, new Random(seed + i))))
              .toList();
      for (Future<?> task : running) {
        task.get(1, TimeUnit.MINUTES);
      }
    }

    assertThat(retained.blockCount()).as("seed %d", seed).isZero();
    assertThat(pool.availableBlocks()).as("seed %d", seed).isEqualTo(8);
  }

  private void pinAndUnpin(String owner, Random random) {
    for (int i = 0; i < 2_000; i++) {
      long n = 1 + random.nextInt(4);
      pins.pin(owner, keys(n), Deadlines.NEVER);
      assertThat(pool.contains(key(n))).isTrue();
      pins.unpin(owner, keys(n));
    }
  }
}
