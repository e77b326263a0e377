package io.kvbm.core.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.CallerException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.core.pool.BlockPool;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Routers that read while three pools work believe what the pools hold. */
class RouterEventLogRaceTest {

  private static final int KEYS = 96;
  private static final int STEPS = 4_000;
  private static final List<String> TIERS = List.of("device", "host", "disk");

  @Test
  void routers_that_read_meanwhile_end_with_what_the_pools_hold() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    // A short log, so that readers also fall behind and begin anew.
    RouterEventLog log = new RouterEventLog(new RouterEventLogConfig(4, 32, 64, 4), 1);
    Map<String, BlockPool> pools = new LinkedHashMap<>();
    for (String tier : TIERS) {
      pools.put(
          tier,
          BlockPool.builder()
              .logical(RouterEventLogTest.shape(KEYS / 2))
              .content(log.tier(tier))
              .build());
    }
    CountDownLatch done = new CountDownLatch(2 * TIERS.size());
    List<RouterMirror> mirrors = List.of(new RouterMirror(), new RouterMirror());
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      List<Future<?>> running = new ArrayList<>();
      int worker = 0;
      for (BlockPool pool : pools.values()) {
        for (int i = 0; i < 2; i++) {
          Random random = new Random(seed + worker++);
          running.add(threads.submit(() -> work(pool, random, done)));
        }
      }
      for (RouterMirror mirror : mirrors) {
        running.add(
            threads.submit(
                () -> {
                  while (done.getCount() > 0) {
                    mirror.catchUp(log, 3);
                  }
                  mirror.catchUp(log, 3);
                }));
      }
      for (Future<?> task : running) {
        task.get(1, TimeUnit.MINUTES);
      }
    }

    for (RouterMirror mirror : mirrors) {
      for (String tier : TIERS) {
        assertThat(mirror.keys(tier))
            .as("seed %d, %s", seed, tier)
            .isEqualTo(held(pools.get(tier)));
      }
      assertThat(mirror.tier("device")).as("parents, seed %d", seed).isEqualTo(parents(log));
    }
    assertThat(log.statistics().retainedEvents()).isLessThanOrEqualTo(32);
    assertThat(log.statistics().retainedBlocks()).isLessThanOrEqualTo(64);
  }

  private static Map<BlockKey, ?> parents(RouterEventLog log) {
    return RouterMirror.of(log.snapshot()).tier("device");
  }

  private static void work(BlockPool pool, Random random, CountDownLatch done) {
    try {
      for (int step = 0; step < STEPS; step++) {
        long n = random.nextInt(KEYS);
        int what = random.nextInt(100);
        if (what < 60) {
          pool.tryAllocateBlocks(1)
              .ifPresent(
                  blocks ->
                      blocks
                          .getFirst()
                          .complete(
                              RouterEventLogTest.key(n),
                              n % 8 == 0 ? null : RouterEventLogTest.key(n - 1))
                          .register()
                          .close());
        } else if (what < 95) {
          pool.resetBlocks(List.of(RouterEventLogTest.key(n)));
        } else if (what < 98) {
          pool.find(RouterEventLogTest.key(n)).ifPresent(pool::remove);
        } else {
          resetIfIdle(pool);
        }
      }
    } finally {
      done.countDown();
    }
  }

  private static void resetIfIdle(BlockPool pool) {
    try {
      pool.reset();
    } catch (CallerException e) {
      assertThat(e).hasMessageContaining("in use");
    }
  }

  private static List<BlockKey> held(BlockPool pool) {
    List<BlockKey> held = new ArrayList<>();
    for (long n = 0; n < KEYS; n++) {
      if (pool.contains(RouterEventLogTest.key(n))) {
        held.add(RouterEventLogTest.key(n));
      }
    }
    return held.stream().sorted().toList();
  }
}
