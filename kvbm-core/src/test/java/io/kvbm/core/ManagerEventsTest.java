package io.kvbm.core;

import static io.kvbm.core.tier.TestTiers.key;
import static io.kvbm.core.tier.TestTiers.keys;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.spi.Clock;
import io.kvbm.core.event.Replay;
import io.kvbm.core.event.RouterEvent;
import io.kvbm.core.event.RouterEventLog;
import io.kvbm.core.event.RouterEventLogConfig;
import io.kvbm.core.event.RouterMirror;
import io.kvbm.core.tier.TestTiers;
import io.kvbm.core.tier.Tier;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ManagerEventsTest {

  private static final int UNIVERSE = 160;

  private static TestTiers tiers(RouterEventLogConfig config) {
    return new TestTiers(8, 16, 32, builder -> builder.events(config), Clock.SYSTEM);
  }

  @Test
  void offUnlessAskedFor() {
    try (TestTiers tiers = new TestTiers(2, 2, 0)) {
      assertThat(tiers.manager.events()).isEmpty();
    }
  }

  @Test
  void theEventsOfARunAddUpToWhatIsInEachTier() {
    long seed = ThreadLocalRandom.current().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    try (TestTiers tiers = tiers(RouterEventLogConfig.of(4))) {
      RouterEventLog log = tiers.manager.events().orElseThrow();
      RouterMirror mirror = RouterMirror.of(log.snapshot());
      for (int round = 0; round < 600; round++) {
        tiers.use(conversation(random));
        if (random.nextInt(10) == 0) {
          mirror.catchUp(log, 1 + random.nextInt(20));
          assertSame(mirror, tiers, seed);
        }
      }
      mirror.catchUp(log, 7);
      assertSame(mirror, tiers, seed);
      assertThat(mirror.snapshots).as("seed %d", seed).isEqualTo(1);
      assertThat(log.statistics().removedBlocks()).isPositive();
    }
  }

  @Test
  void aRouterThatFellBehindBeginsAnewAndIsRightAgain() {
    long seed = ThreadLocalRandom.current().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    try (TestTiers tiers = tiers(new RouterEventLogConfig(4, 12, 40, 4))) {
      RouterEventLog log = tiers.manager.events().orElseThrow();
      RouterMirror mirror = RouterMirror.of(log.snapshot());
      for (int round = 0; round < 300; round++) {
        tiers.use(conversation(random));
        if (round % 20 == 19) {
          mirror.catchUp(log, 5);
          assertSame(mirror, tiers, seed);
        }
      }
      assertThat(mirror.snapshots).as("gaps, seed %d", seed).isGreaterThan(1);
      assertThat(log.statistics().retainedEvents()).isLessThanOrEqualTo(12);
      assertThat(log.statistics().retainedBlocks()).isLessThanOrEqualTo(40);
    }
  }

  @Test
  void aRouterThatReadsWhileSeveralThreadsWorkIsRightInTheEnd() throws Exception {
    long seed = ThreadLocalRandom.current().nextLong();
    try (TestTiers tiers = tiers(new RouterEventLogConfig(4, 64, 256, 8));
        ExecutorService threads = Executors.newFixedThreadPool(3)) {
      RouterEventLog log = tiers.manager.events().orElseThrow();
      List<Future<?>> running = new ArrayList<>();
      for (int thread = 0; thread < 3; thread++) {
        SplittableRandom random = new SplittableRandom(seed + thread);
        running.add(
            threads.submit(
                () -> {
                  for (int round = 0; round < 400; round++) {
                    tiers.use(conversation(random));
                  }
                }));
      }
      RouterMirror mirror = RouterMirror.of(log.snapshot());
      while (!running.stream().allMatch(Future::isDone)) {
        mirror.catchUp(log, 16);
      }
      for (Future<?> one : running) {
        one.get(30, TimeUnit.SECONDS);
      }
      mirror.catchUp(log, 16);
      assertSame(mirror, tiers, seed);
    }
  }

  @Test
  void aTierThatIsEmptiedIsCleared() {
    try (TestTiers tiers = tiers(RouterEventLogConfig.of(4))) {
      RouterEventLog log = tiers.manager.events().orElseThrow();
      tiers.use(keys(1, 2));
      tiers.manager.device().orElseThrow().reset();
      Replay.Events replay = (Replay.Events) log.replay(1, 100);
      assertThat(replay.events()).last().isInstanceOf(RouterEvent.Cleared.class);
      assertThat(log.snapshot().tiers().get("device")).isEmpty();
      assertThat(log.incarnation()).isNotZero();
    }
  }

  @Test
  void eventsOfAnotherBlockSizeAreRefused() {
    assertThatThrownBy(() -> tiers(RouterEventLogConfig.of(16)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("16 tokens");
  }

  /** A prefix of one of several conversations. */
  private static List<BlockKey> conversation(SplittableRandom random) {
    int start = random.nextInt(UNIVERSE / 8) * 8;
    return keys(LongStream.range(start, start + 1 + random.nextInt(6)).toArray());
  }

  private static void assertSame(RouterMirror mirror, TestTiers tiers, long seed) {
    for (Tier tier : tiers.manager.tiers()) {
      List<BlockKey> resident =
          LongStream.range(0, UNIVERSE)
              .mapToObj(TestTiers::key)
              .filter(tier.pool()::contains)
              .sorted()
              .toList();
      assertThat(mirror.keys(tier.name())).as("%s, seed %d", tier.name(), seed).isEqualTo(resident);
    }
    assertThat(key(UNIVERSE)).isNotIn(mirror.keys("device"));
  }
}
