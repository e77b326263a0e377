package io.kvbm.core;

import static io.kvbm.core.tier.TestTiers.key;
import static io.kvbm.core.tier.TestTiers.keys;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.core.cost.GateMode;
import io.kvbm.core.cost.RecomputeCost;
import io.kvbm.core.event.RouterEventLogConfig;
import io.kvbm.core.metrics.MicrometerMetrics;
import io.kvbm.core.offload.WritePolicy;
import io.kvbm.core.onboard.OnboardOptions;
import io.kvbm.core.onboard.Onboarding;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.LeaveCause;
import io.kvbm.core.pool.PoolStatus;
import io.kvbm.core.prefetch.PrefetchOptions;
import io.kvbm.core.retention.RetentionOptions;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.ScriptedTransport;
import io.kvbm.core.tier.TestTiers;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.tiering.TieringOptions;
import io.kvbm.testkit.ManualClock;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Statistic;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class ManagerMetricsTest {

  private static final int UNIVERSE = 128;
  private static final long HOUR = Duration.ofHours(1).toNanos();

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final MetricsSink sink = MicrometerMetrics.of(registry);
  private final ManualClock clock = new ManualClock();

  /** The sum over all meters of a name that have the tags. */
  private double sum(String name, String... tags) {
    return registry.getMeters().stream()
        .filter(meter -> meter.getId().getName().equals(name))
        .filter(
            meter -> {
              for (int i = 0; i < tags.length; i += 2) {
                if (!tags[i + 1].equals(meter.getId().getTag(tags[i]))) {
                  return false;
                }
              }
              return true;
            })
        .mapToDouble(ManagerMetricsTest::value)
        .sum();
  }

  private static double value(Meter meter) {
    if (meter instanceof FunctionCounter counter) {
      return counter.count();
    }
    return StreamSupport.stream(meter.measure().spliterator(), false)
        .filter(
            one -> one.getStatistic() == Statistic.COUNT || one.getStatistic() == Statistic.VALUE)
        .findFirst()
        .orElseThrow()
        .getValue();
  }

  @ParameterizedTest
  @EnumSource(WritePolicy.class)
  void whateverHappensTheSumsAgree(WritePolicy write) {
    long seed = ThreadLocalRandom.current().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    TieringOptions tiering =
        TieringOptions.DEFAULT
            .withWrites(List.of(write, WritePolicy.BACK))
            .withGate(GateMode.ADVISE, new RecomputeCost(1000, 0, 4));
    int requests = 0;
    try (TestTiers tiers =
        new TestTiers(
            12,
            20,
            28,
            builder ->
                builder
                    .tiering(tiering)
                    .events(RouterEventLogConfig.of(4))
                    .retention(
                        RetentionOptions.DEFAULT
                            .withMaxRetainedShare(1)
                            .withMaxNamespaces(4)
                            .withLife(HOUR, 1000 * HOUR))
                    .prefetch(PrefetchOptions.DEFAULT.withTimes(HOUR, 0)),
            clock,
            sink)) {
      KvBlockManager manager = tiers.manager;
      manager.retention().orElseThrow().setQuota("greedy", "device", 4);
      for (int round = 0; round < 500; round++) {
        List<BlockKey> keys = conversation(random);
        switch (random.nextInt(12)) {
          case 0 ->
              manager
                  .prefetching()
                  .orElseThrow()
                  .prefetch(keys, clock.nanoTime() + HOUR)
                  .completion()
                  .toCompletableFuture()
                  .join();
          case 1 -> manager.retention().orElseThrow().pin("a", keys.subList(0, 1), HOUR);
          case 2 -> manager.retention().orElseThrow().release("a");
          case 3 -> manager.lookup(keys, HOUR).lease().close();
          case 4 -> {
            clock.advance(Duration.ofMinutes(random.nextInt(20)));
            manager.retention().orElseThrow().sweep();
          }
          case 5 -> {
            tiers.transport.failure = () -> ScriptedTransport.broken(ErrorCode.CORRUPT);
            Onboarding damaged = tiers.tiering().onboard(keys, OnboardOptions.DEFAULT);
            requests++;
            BlockPool.closeAll(damaged.await().blocks());
            tiers.transport.failure = null;
          }
          case 6 -> {
            long past = clock.nanoTime() - 1;
            requests++;
            BlockPool.closeAll(
                tiers.tiering().onboard(keys, new OnboardOptions(past, 0)).await().blocks());
          }
          case 7 -> manager.tiers().get(random.nextInt(3)).pool().resetBlocks(keys.reversed());
          default -> {
            if (random.nextBoolean()) {
              manager.retention().orElseThrow().claim("greedy", keys);
            }
            requests++;
            tiers.use(keys);
          }
        }
        if (round % 50 == 49) {
          assertThat(tiers.tiering().flush(TimeUnit.SECONDS.toNanos(20))).isTrue();
          int ended = requests;
          TestTiers.await(() -> sum("kvbm.lookup.requests") == ended);
          // A damaged block that is pinned is out of its tier and still in use.
          manager.retention().orElseThrow().release("a");
          TestTiers.await(() -> sum("kvbm.tier.blocks", "state", "used") == 0);
          assertSums(List.of(tiers), "%s, round %d, seed %d".formatted(write, round, seed));
        }
      }
      clock.advance(Duration.ofHours(2));
      manager.retention().orElseThrow().sweep();
      // One never seen before: another may have a child that was in use at its own sweep, which
      // keeps its parent until the next one.
      tiers.use(keys(UNIVERSE));
      assertThat(tiers.tiering().flush(TimeUnit.SECONDS.toNanos(20))).isTrue();
      TestTiers.await(() -> sum("kvbm.tier.blocks", "state", "used") == 0);
      clock.advance(Duration.ofHours(2));
      assertThat(manager.retention().orElseThrow().sweep())
          .as("%s, seed %d", write, seed)
          .isEqualTo(1);
      assertThat(sum("kvbm.lookup.misses", "reason", "absent")).isPositive();
      assertThat(sum("kvbm.lookup.hits")).isPositive();
      assertThat(sum("kvbm.tier.left.blocks", "cause", LeaveCause.EXPIRED.text())).isPositive();
      assertThat(sum("kvbm.gate.decisions")).isPositive();
      if (write != WritePolicy.NONE) { // otherwise nothing goes down, to be brought up again
        assertThat(sum("kvbm.prefetch.issued.bytes")).isPositive();
        assertThat(sum("kvbm.tier.moved.bytes")).isPositive();
      }
    }
  }

  private static List<BlockKey> conversation(SplittableRandom random) {
    int start = random.nextInt(UNIVERSE / 8) * 8;
    return keys(LongStream.range(start, start + 1 + random.nextInt(6)).toArray());
  }

  private static long residents(BlockPool pool) {
    return LongStream.range(0, UNIVERSE).filter(n -> pool.contains(key(n))).count();
  }

  /** The invariants of {@code docs/metrics.md}. */
  private void assertSums(List<TestTiers> open, String when) {
    for (Tier tier : open.getFirst().manager.tiers()) {
      String name = tier.name();
      String what = name + ", " + when;
      double resident = sum("kvbm.tier.resident.blocks", "tier", name);
      assertThat(resident)
          .as(what)
          .isEqualTo(open.stream().mapToLong(tiers -> residents(tiers.pool(tier.level()))).sum());
      assertThat(sum("kvbm.tier.entered.blocks", "tier", name))
          .as(what)
          .isEqualTo(resident + sum("kvbm.tier.left.blocks", "tier", name))
          .isEqualTo(sum("kvbm.registration.blocks", "pool", name));
      assertThat(sum("kvbm.tier.blocks", "tier", name))
          .as(what)
          .isEqualTo(sum("kvbm.pool.total.blocks", "pool", name));
      assertThat(sum("kvbm.tier.blocks", "tier", name, "state", "used"))
          .as(what)
          .isEqualTo(resident - sum("kvbm.tier.blocks", "tier", name, "state", "unused"));
      assertThat(sum("kvbm.eviction.blocks", "pool", name))
          .as(what)
          .isEqualTo(
              sum("kvbm.tier.left.blocks", "tier", name, "cause", "capacity")
                  + sum("kvbm.tier.left.blocks", "tier", name, "cause", "moved"));
      assertThat(sum("kvbm.tier.age", "tier", name))
          .as(what)
          .isEqualTo(
              sum("kvbm.tier.left.blocks", "tier", name)
                  - sum("kvbm.tier.left.blocks", "tier", name, "cause", "closed"));
    }
    assertThat(sum("kvbm.lookup.blocks"))
        .as(when)
        .isEqualTo(sum("kvbm.lookup.hits") + sum("kvbm.lookup.misses"));
    assertThat(sum("kvbm.lookup")).as(when).isEqualTo(sum("kvbm.lookup.requests"));
    assertThat(sum("kvbm.onboard.requests"))
        .as(when)
        .isGreaterThanOrEqualTo(sum("kvbm.lookup.requests"));
    assertThat(sum("kvbm.offload.submitted.blocks"))
        .as(when)
        .isEqualTo(
            sum("kvbm.offload.joined.blocks")
                + sum("kvbm.offload.queue.depth")
                + sum("kvbm.offload.in.flight.blocks")
                + sum("kvbm.offload.results"));
    assertThat(sum("kvbm.prefetch.issued.bytes"))
        .as(when)
        .isEqualTo(
            sum("kvbm.prefetch.used.bytes")
                + sum("kvbm.prefetch.wasted.bytes")
                + sum("kvbm.prefetch.unsettled.bytes"));
    assertThat(sum("kvbm.events.resident.blocks"))
        .as(when)
        .isEqualTo(sum("kvbm.tier.resident.blocks"));
    List<Double> up = new ArrayList<>();
    for (String route : List.of("host->device", "disk->device")) {
      up.add(sum("kvbm.tier.moved.bytes", "route", route));
    }
    assertThat(sum("kvbm.onboard.loaded.bytes"))
        .as(when)
        .isEqualTo(up.stream().mapToDouble(Double::doubleValue).sum());
  }

  /** Each has a sink of its own, as two parts of a program would make them. */
  @Test
  void theSumsOfTwoManagersAgreeAndStillDoWhenOneIsClosed() {
    try (TestTiers one = prefetching(MicrometerMetrics.of(registry))) {
      try (TestTiers other = prefetching(MicrometerMetrics.of(registry))) {
        work(one, 0);
        work(other, 40);
        assertSums(List.of(one, other), "both open");
        assertThat(sum("kvbm.tier.resident.blocks")).isPositive();
        assertThat(sum("kvbm.prefetch.unsettled.bytes")).isPositive();
        assertThat(sum("kvbm.pool.total.blocks", "pool", "device")).isEqualTo(8);
      }
      assertThat(sum("kvbm.lookup.blocks")).isEqualTo(24);
      assertThat(sum("kvbm.tier.left.blocks", "cause", "closed")).isPositive();
      assertThat(sum("kvbm.pool.total.blocks", "pool", "device")).isEqualTo(4);
      assertSums(List.of(one), "one closed");
      work(one, 80);
      assertSums(List.of(one), "one closed, the other at work");
    }
    assertThat(sum("kvbm.tier.entered.blocks")).isEqualTo(sum("kvbm.tier.left.blocks"));
    assertThat(sum("kvbm.prefetch.issued.bytes"))
        .isEqualTo(sum("kvbm.prefetch.used.bytes") + sum("kvbm.prefetch.wasted.bytes"));
  }

  private TestTiers prefetching(MetricsSink own) {
    return new TestTiers(
        4,
        12,
        16,
        builder ->
            builder
                .tiering(
                    TieringOptions.DEFAULT.withWrites(
                        List.of(WritePolicy.THROUGH, WritePolicy.BACK)))
                .events(RouterEventLogConfig.of(4))
                .prefetch(PrefetchOptions.DEFAULT.withTimes(HOUR, 0)),
        clock,
        own);
  }

  /** Twelve blocks are asked for, of which the device keeps four, and some are prefetched. */
  private void work(TestTiers tiers, long first) {
    for (long n = first; n < first + 12; n += 4) {
      tiers.use(keys(n, n + 1, n + 2, n + 3));
      // Copied before the next ones evict them.
      assertThat(tiers.tiering().flush(TimeUnit.SECONDS.toNanos(20))).isTrue();
    }
    tiers
        .manager
        .prefetching()
        .orElseThrow()
        .prefetch(keys(first, first + 1), clock.nanoTime() + HOUR)
        .completion()
        .toCompletableFuture()
        .join();
  }

  @Test
  void retentionIsShown() {
    try (TestTiers tiers =
        new TestTiers(
            8,
            8,
            0,
            builder -> builder.retention(RetentionOptions.DEFAULT.withMaxNamespaces(2)),
            clock,
            sink)) {
      tiers.use(keys(1, 2));
      tiers.manager.retention().orElseThrow().setQuota("", "device", 1);
      tiers.manager.retention().orElseThrow().pin("a", keys(1), HOUR);
      tiers.manager.lookup(keys(1, 2), HOUR);
      assertThat(sum("kvbm.retention.retained.blocks", "tier", "device")).isEqualTo(2);
      assertThat(sum("kvbm.retention.leases", "tier", "device")).isEqualTo(1);
      assertThat(sum("kvbm.retention.leases.granted")).isEqualTo(1);
      assertThat(sum("kvbm.retention.excess.blocks", "tier", "device")).isEqualTo(1);
      assertThat(sum("kvbm.retention.ended")).isZero();
      assertThat(sum("kvbm.retention.refused")).isZero();
      assertThat(sum("kvbm.retention.timed.blocks")).isZero();
    }
  }

  @Test
  void aPoolToldToForgetShowsWhy() {
    try (TestTiers tiers = new TestTiers(4, 4, 0, builder -> builder, clock, sink)) {
      BlockPool device = tiers.pool(CacheLevel.DEVICE);
      tiers.use(keys(1, 2));
      clock.advance(Duration.ofSeconds(3));
      device.resetBlocks(keys(2));
      device.remove(device.find(key(1)).orElseThrow());
      tiers.use(keys(3));
      device.reset();
      assertThat(device.residency().left())
          .containsEntry(LeaveCause.RESET, 2L)
          .containsEntry(LeaveCause.REMOVED, 1L);
      assertThat(device.residency().resident()).isZero();
      assertThat(device.status()).isEqualTo(new PoolStatus(0, 0, 4));
      assertThat(
              registry
                  .get("kvbm.tier.age")
                  .tag("tier", "device")
                  .tag("cause", "removed")
                  .timer()
                  .totalTime(TimeUnit.SECONDS))
          .isEqualTo(3);
    }
  }
}
