package io.kvbm.core;

import static io.kvbm.core.tier.TestTiers.key;
import static io.kvbm.core.tier.TestTiers.keys;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.core.onboard.OnboardOptions;
import io.kvbm.core.onboard.OnboardResult;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.prefetch.ConversationPrefetcher;
import io.kvbm.core.prefetch.PrefetchConfig;
import io.kvbm.core.prefetch.PrefetchHandle;
import io.kvbm.core.prefetch.PrefetchOptions;
import io.kvbm.core.prefetch.PrefetchOutcome;
import io.kvbm.core.prefetch.PrefetchReport;
import io.kvbm.core.prefetch.PrefetchStatistics;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.TestTiers;
import io.kvbm.testkit.ManualClock;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ManagerPrefetchTest {

  private static final long BLOCK = TestTiers.MODEL.layout(1, 1).blockByteSize();
  private static final Duration THINK = Duration.ofSeconds(30);
  private static final PrefetchOptions ASKED =
      PrefetchOptions.DEFAULT.withTimes(Duration.ofSeconds(10).toNanos(), 0);

  private final ManualClock clock = new ManualClock();

  private TestTiers tiers(int device, int host, PrefetchOptions options) {
    return new TestTiers(device, host, 0, builder -> builder.prefetch(options), clock);
  }

  private static ConversationPrefetcher prefetching(TestTiers tiers) {
    return tiers.manager.prefetching().orElseThrow();
  }

  private static void press(TestTiers tiers, int from, int count) {
    for (int n = from; n < from + count; n++) {
      tiers.use(List.of(key(n)));
    }
  }

  private long soon() {
    return clock.nanoTime() + Duration.ofSeconds(20).toNanos();
  }

  private static PrefetchReport await(PrefetchHandle handle) {
    return handle.completion().toCompletableFuture().join();
  }

  /** Uses are told when the request's continuations ran. */
  private static PrefetchStatistics settled(TestTiers tiers, long bytes) {
    AtomicReference<PrefetchStatistics> seen = new AtomicReference<>();
    TestTiers.await(
        () -> {
          PrefetchStatistics now = prefetching(tiers).statistics();
          seen.set(now);
          return now.usedBytes() + now.wastedBytes() >= bytes;
        });
    return seen.get();
  }

  @Test
  void theNextTurnOfAConversationIsThereWhenItComes() {
    try (TestTiers tiers = tiers(8, 32, ASKED)) {
      List<BlockKey> prompt = keys(1, 2, 3, 4);
      for (int turn = 0; turn < 6; turn++) {
        prefetching(tiers).turnBegan("chat");
        tiers.use(prompt);
        prefetching(tiers).turnEnded("chat", prompt);
        press(tiers, 100, 12);
        clock.advance(turn < 5 ? THINK : Duration.ofSeconds(5));
      }
      assertThat(tiers.pool(CacheLevel.DEVICE).contains(key(1))).isFalse();
      assertThat(prefetching(tiers).prefetchExpected()).as("too early").isEmpty();
      clock.advance(Duration.ofSeconds(17));
      List<PrefetchHandle> begun = prefetching(tiers).prefetchExpected();
      assertThat(begun).hasSize(1);
      assertThat(await(begun.getFirst()))
          .isEqualTo(new PrefetchReport(PrefetchOutcome.LOADED, 4, 4, 4 * BLOCK));
      assertThat(prefetching(tiers).prefetchExpected()).as("once between two turns").isEmpty();

      prefetching(tiers).turnBegan("chat");
      OnboardResult next = tiers.tiering().onboard(prompt, OnboardOptions.DEFAULT).await();
      assertThat(next.sources()).as("all in the device").containsExactly(0, 0, 0, 0);
      next.blocks().forEach(TestTiers::verify);
      BlockPool.closeAll(next.blocks());
      PrefetchStatistics statistics = settled(tiers, 4 * BLOCK);
      assertThat(statistics.issuedBytes()).isEqualTo(4 * BLOCK);
      assertThat(statistics.usedBytes()).isEqualTo(4 * BLOCK);
      assertThat(statistics.wastedBytes()).isZero();
    }
  }

  @Test
  void whatNobodyComesForIsWasted() {
    try (TestTiers tiers = tiers(4, 32, ASKED)) {
      tiers.use(keys(1, 2));
      press(tiers, 100, 6);
      assertThat(await(prefetching(tiers).prefetch(keys(1, 2), soon())).loadedBlocks())
          .isEqualTo(2);
      BlockPool device = tiers.pool(CacheLevel.DEVICE);
      TestTiers.await(() -> device.status().active() == 0);
      BlockPool.closeAll(tiers.tiering().allocate(4)); // whatever the policy: all go
      PrefetchStatistics statistics = settled(tiers, 2 * BLOCK);
      assertThat(statistics.wastedBytes()).isEqualTo(2 * BLOCK);
      assertThat(statistics.unsettledBytes()).isZero();
      assertThat(await(prefetching(tiers).prefetch(keys(1), soon())).loadedBlocks()).isEqualTo(1);
      TestTiers.await(() -> device.status().active() == 0);
      device.reset();
      assertThat(prefetching(tiers).statistics().wastedBytes()).isEqualTo(3 * BLOCK);
    }
  }

  @Test
  void aCancelledPrefetchStops() {
    PrefetchConfig small =
        new PrefetchConfig(
            BLOCK, 2 * BLOCK, 1, 2, 8, 64, 0.9, 0.5, 0.5, 256 * BLOCK, 1_000_000, 1_000_000);
    try (TestTiers tiers = tiers(16, 32, ASKED.withBounds(small))) {
      List<BlockKey> prompt = keys(LongStream.range(1, 11).toArray());
      tiers.use(prompt);
      press(tiers, 100, 16);
      tiers.transport.holds = true;
      PrefetchHandle handle = prefetching(tiers).prefetch(prompt, soon());
      TestTiers.await(() -> tiers.transport.heldCount() == 1);
      assertThat(prefetching(tiers).statistics().operationsInFlight()).isEqualTo(1);
      assertThat(prefetching(tiers).statistics().bytesInFlight()).isEqualTo(2 * BLOCK);
      handle.cancel();
      tiers.transport.release();
      PrefetchReport report = await(handle);
      assertThat(report.outcome()).isEqualTo(PrefetchOutcome.CANCELLED);
      assertThat(report.loadedBlocks()).isLessThanOrEqualTo(2);
      int there = 0;
      for (int n = 3; n < 11; n++) {
        there += tiers.pool(CacheLevel.DEVICE).contains(key(n)) ? 1 : 0;
      }
      assertThat(there).as("what was not begun").isZero();
      assertThat(prefetching(tiers).statistics().bytesInFlight()).isZero();
    }
  }

  @Test
  void nothingIsPrefetchedUnderLoad() {
    AtomicReference<Double> load = new AtomicReference<>(0.9);
    try (TestTiers tiers =
        new TestTiers(4, 8, 0, builder -> builder.prefetch(ASKED).load(load::get), clock)) {
      assertThat(await(prefetching(tiers).prefetch(keys(1), soon())).outcome())
          .isEqualTo(PrefetchOutcome.BUSY);
      load.set(0.1);
      assertThat(await(prefetching(tiers).prefetch(keys(1), soon())).outcome())
          .isEqualTo(PrefetchOutcome.LOADED);
    }
    try (TestTiers tiers = tiers(4, 8, ASKED)) {
      List<?> held = tiers.tiering().allocate(4);
      assertThat(held).hasSize(4);
      assertThat(await(prefetching(tiers).prefetch(keys(1), soon())).outcome())
          .isEqualTo(PrefetchOutcome.BUSY);
    }
  }

  @Test
  void aConversationThatWasNotLoadedIsTriedAgainAndOneThatEndedIsNot() {
    AtomicReference<Double> load = new AtomicReference<>(0.0);
    try (TestTiers tiers =
        new TestTiers(4, 8, 0, builder -> builder.prefetch(ASKED).load(load::get), clock)) {
      for (int turn = 0; turn < 4; turn++) {
        prefetching(tiers).turnBegan("chat");
        prefetching(tiers).turnEnded("chat", keys(1));
        clock.advance(turn < 3 ? THINK : Duration.ofSeconds(22));
      }
      load.set(1.0);
      assertThat(await(prefetching(tiers).prefetchExpected().getFirst()).outcome())
          .isEqualTo(PrefetchOutcome.BUSY);
      assertThat(prefetching(tiers).prefetchExpected()).hasSize(1);
      assertThat(prefetching(tiers).conversationCount()).isEqualTo(1);
      prefetching(tiers).ended("chat");
      assertThat(prefetching(tiers).conversationCount()).isZero();
      assertThat(prefetching(tiers).prefetchExpected()).isEmpty();
    }
  }

  @Test
  void whatIsRememberedIsBounded() {
    try (TestTiers tiers = tiers(4, 8, ASKED.withMemory(3, 10))) {
      for (int n = 0; n < 8; n++) {
        prefetching(tiers).turnEnded("chat " + n, keys(n, n + 100));
      }
      assertThat(prefetching(tiers).conversationCount()).isEqualTo(3);
      prefetching(tiers).turnEnded("long", keys(LongStream.range(0, 9).toArray()));
      assertThat(prefetching(tiers).conversationCount()).isEqualTo(1);
      prefetching(tiers).turnEnded("longer", keys(LongStream.range(0, 11).toArray()));
      assertThat(prefetching(tiers).conversationCount()).isZero();
    }
  }

  @Test
  void looksComeByThemselves() {
    PrefetchOptions always = ASKED.withTimes(Duration.ofHours(1).toNanos(), 1);
    try (TestTiers tiers = tiers(4, 16, always)) {
      tiers.use(keys(1, 2));
      press(tiers, 100, 8);
      for (int turn = 0; turn < 4; turn++) {
        prefetching(tiers).turnBegan("chat");
        prefetching(tiers).turnEnded("chat", keys(1, 2));
        clock.advance(turn < 3 ? THINK : Duration.ZERO);
      }
      TestTiers.await(
          () -> {
            clock.advance(Duration.ofNanos(1000)); // the next look is a little later
            return tiers.pool(CacheLevel.DEVICE).contains(key(2));
          });
    }
  }

  @Test
  void bytesAddUpWhateverHappens() {
    long seed = ThreadLocalRandom.current().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    try (TestTiers tiers = tiers(12, 64, ASKED)) {
      for (int round = 0; round < 500; round++) {
        int start = random.nextInt(12) * 8;
        List<BlockKey> keys =
            keys(LongStream.range(start, start + 1 + random.nextInt(6)).toArray());
        switch (random.nextInt(3)) {
          case 0 -> await(prefetching(tiers).prefetch(keys, soon()));
          case 1 -> prefetching(tiers).prefetch(keys, soon()).cancel();
          default -> tiers.use(keys);
        }
        clock.advance(Duration.ofMillis(random.nextInt(2000)));
      }
      PrefetchStatistics statistics = prefetching(tiers).statistics();
      assertThat(statistics.issuedBytes())
          .as("seed %d", seed)
          .isEqualTo(
              statistics.usedBytes() + statistics.wastedBytes() + statistics.unsettledBytes());
      assertThat(statistics.unsettledBytes())
          .as("no more than the tier holds, seed %d", seed)
          .isBetween(0L, 12 * BLOCK);
      assertThat(statistics.usedBytes()).as("seed %d", seed).isPositive();
    }
  }

  @Test
  void offUnlessAskedForAndRefusedAfterTheClose() {
    try (TestTiers tiers = new TestTiers(4, 4, 0)) {
      assertThat(tiers.manager.prefetching()).isEmpty();
    }
    ConversationPrefetcher closed;
    try (TestTiers tiers = tiers(4, 4, ASKED)) {
      closed = prefetching(tiers);
    }
    assertThatThrownBy(() -> closed.prefetch(keys(1), soon())).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> PrefetchOptions.DEFAULT.withMemory(0, 1))
        .isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> PrefetchOptions.DEFAULT.withTimes(0, 1))
        .isInstanceOf(ConfigurationException.class);
  }
}
