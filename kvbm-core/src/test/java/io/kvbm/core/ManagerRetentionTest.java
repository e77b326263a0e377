package io.kvbm.core;

import static io.kvbm.core.tier.TestTiers.key;
import static io.kvbm.core.tier.TestTiers.keys;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BasicMetadata;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.spi.Clock;
import io.kvbm.core.offload.WritePolicy;
import io.kvbm.core.onboard.OnboardOptions;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.retention.Lease;
import io.kvbm.core.retention.LeasedPrefix;
import io.kvbm.core.retention.NamespaceUsage;
import io.kvbm.core.retention.PinReport;
import io.kvbm.core.retention.PinStatistics.OwnerPins;
import io.kvbm.core.retention.Retention;
import io.kvbm.core.retention.RetentionOptions;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.TestTiers;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.tiering.TieringOptions;
import io.kvbm.core.time.Deadlines;
import io.kvbm.testkit.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ManagerRetentionTest {

  private static final long HOUR = Duration.ofHours(1).toNanos();

  private final ManualClock clock = new ManualClock();

  private TestTiers tiers(int device, int host, int disk, RetentionOptions options) {
    return new TestTiers(device, host, disk, builder -> builder.retention(options), clock);
  }

  private static Retention retention(TestTiers tiers) {
    return tiers.manager.retention().orElseThrow();
  }

  /** Lets so many other blocks come, one at a time. */
  private static void press(TestTiers tiers, int from, int count) {
    for (int n = from; n < from + count; n++) {
      tiers.use(List.of(key(n)));
    }
  }

  /** Presses until the block is in the tier. */
  private static void sink(TestTiers tiers, BlockKey key, CacheLevel level) {
    for (int n = 5000; !tiers.pool(level).contains(key); n++) {
      assertThat(n).isLessThan(5100);
      tiers.use(List.of(key(n)));
    }
  }

  private static long copies(TestTiers tiers, BlockKey key) {
    return tiers.manager.tiers().stream().filter(tier -> tier.pool().contains(key)).count();
  }

  // ---- pins

  @ParameterizedTest
  @EnumSource(CacheLevel.class)
  void aPinnedBlockSurvivesPressureInItsTierUntilThePinExpires(CacheLevel level) {
    try (TestTiers tiers = tiers(4, 4, 4, RetentionOptions.DEFAULT)) {
      tiers.use(keys(1));
      sink(tiers, key(1), level);
      PinReport report = retention(tiers).pin("operator", keys(1, 999), HOUR);
      assertThat(report.pinned()).isEqualTo(keys(1));
      assertThat(report.absent()).isEqualTo(keys(999));
      press(tiers, 100, 60);
      assertThat(tiers.pool(level).contains(key(1))).isTrue();
      assertThat(copies(tiers, key(1))).isEqualTo(1);
      assertThat(retention(tiers).statistics().pins().get(level.text()).byOwner())
          .containsEntry(
              "operator", new OwnerPins(1, TestTiers.MODEL.layout(1, 1).blockByteSize()));

      // The thread of the deadlines is to look at the clock soon.
      tiers.platform.deadlines().scheduleAfter(1, () -> {});
      clock.advance(Duration.ofHours(2));
      TestTiers.await(
          () -> retention(tiers).statistics().pins().get(level.text()).retainedBlocks() == 0);
      press(tiers, 200, 60);
      assertThat(copies(tiers, key(1))).isZero();
      assertThat(retention(tiers).statistics().pins().get(level.text()).expired()).isEqualTo(1);
    }
  }

  @Test
  void aPinnedBlockThatIsBroughtUpStaysBelowToo() {
    try (TestTiers tiers = tiers(4, 4, 4, RetentionOptions.DEFAULT)) {
      tiers.use(keys(1, 2));
      sink(tiers, key(1), CacheLevel.HOST);
      retention(tiers).pins("host").pin("a", keys(1), Deadlines.NEVER);
      assertThat(tiers.use(keys(1, 2))).isEqualTo(2);
      assertThat(tiers.pool(CacheLevel.DEVICE).contains(key(1))).isTrue();
      assertThat(tiers.pool(CacheLevel.HOST).contains(key(1))).isTrue();
      assertThat(copies(tiers, key(2))).as("not pinned").isEqualTo(1);
      press(tiers, 100, 60);
      assertThat(tiers.pool(CacheLevel.HOST).contains(key(1))).isTrue();
      assertThat(tiers.use(keys(1))).isEqualTo(1);

      assertThat(retention(tiers).release("a")).isEqualTo(1);
      press(tiers, 200, 60);
      assertThat(copies(tiers, key(1))).isZero();
    }
  }

  @Test
  void aBlockRegisteredAnewLeavesThePinnedCopyBelow() {
    try (TestTiers tiers = tiers(4, 8, 0, RetentionOptions.DEFAULT)) {
      tiers.use(keys(1));
      sink(tiers, key(1), CacheLevel.HOST);
      retention(tiers).pin("a", keys(1), Deadlines.NEVER);
      List<MutableBlock> fresh = tiers.tiering().allocate(1);
      TestTiers.fill(fresh.getFirst(), key(1));
      BlockPool.closeAll(
          tiers.tiering().register(List.of(fresh.getFirst().complete(key(1), null))));
      assertThat(copies(tiers, key(1))).isEqualTo(2);
      assertThat(retention(tiers).unpin("a", keys(1, 2))).isEqualTo(1);
    }
  }

  @Test
  void moreThanTheShareOfATierIsRefusedAndNothingStaysPinned() {
    try (TestTiers tiers = tiers(4, 8, 0, RetentionOptions.DEFAULT.withMaxRetainedShare(0.25))) {
      press(tiers, 1, 8);
      List<BlockKey> all = keys(1, 2, 3, 4, 5, 6, 7, 8);
      assertThatThrownBy(() -> retention(tiers).pin("a", all, HOUR))
          .isInstanceOf(CapacityException.class);
      assertThat(retention(tiers).statistics().pins().values())
          .allSatisfy(pins -> assertThat(pins.retainedBlocks()).isZero());
      assertThatThrownBy(() -> tiers.manager.lookup(all.subList(0, 8), HOUR))
          .isInstanceOf(CapacityException.class);
      for (Tier tier : tiers.manager.tiers()) {
        assertThat(tier.pool().status().active()).isZero();
      }
    }
  }

  // ---- leases

  @Test
  void whatALookupFoundIsStillThereWhenItIsUsed() {
    try (TestTiers tiers = tiers(8, 8, 8, RetentionOptions.DEFAULT)) {
      List<BlockKey> prompt = keys(1, 2, 3, 4);
      tiers.use(prompt);
      sink(tiers, key(3), CacheLevel.HOST);
      LeasedPrefix found = tiers.manager.lookup(keys(1, 2, 3, 4, 77), HOUR);
      assertThat(found.keys()).isEqualTo(prompt);
      assertThat(found.tiers()).hasSize(4).contains(1);
      assertThat(found.lease().keys()).containsExactlyInAnyOrderElementsOf(prompt);
      press(tiers, 100, 80);
      assertThat(tiers.use(prompt)).isEqualTo(4);
      assertThat(found.lease().renew(HOUR)).isTrue();
      assertThat(found.lease().isActive()).isTrue();
      found.lease().close();
      assertThat(found.lease().isActive()).isFalse();
      press(tiers, 200, 80);
      assertThat(tiers.tiering().match(prompt)).isEmpty();
      long granted =
          retention(tiers).statistics().leases().values().stream()
              .mapToLong(leases -> leases.granted())
              .sum();
      assertThat(granted).isPositive();
    }
  }

  @Test
  void whatIsLeasedIsNeverLostWhileOthersMoveItAbout() throws Exception {
    leaseWhileOthersMove(50);
  }

  @Test
  @Tag("slow")
  void whatIsLeasedIsNeverLostWhileOthersMoveItAboutForLong() throws Exception {
    leaseWhileOthersMove(1500);
  }

  private void leaseWhileOthersMove(int rounds) throws Exception {
    long seed = ThreadLocalRandom.current().nextLong();
    try (TestTiers tiers = tiers(12, 16, 24, RetentionOptions.DEFAULT);
        ExecutorService others = Executors.newFixedThreadPool(2)) {
      AtomicBoolean done = new AtomicBoolean();
      List<Future<?>> running = new ArrayList<>();
      for (int thread = 0; thread < 2; thread++) {
        SplittableRandom random = new SplittableRandom(seed + thread);
        running.add(
            others.submit(
                () -> {
                  while (!done.get()) {
                    tiers.use(conversation(random));
                  }
                }));
      }
      try {
        SplittableRandom random = new SplittableRandom(seed - 1);
        for (int round = 0; round < rounds; round++) {
          List<BlockKey> wanted = conversation(random);
          try (Lease lease = tiers.manager.lookup(wanted, HOUR).lease()) {
            if (random.nextBoolean()) {
              tiers.use(wanted); // brings up what is leased below
            }
            press(tiers, 10_000 + 60 * round, 60);
            for (BlockKey key : lease.keys()) {
              assertThat(copies(tiers, key)).as("%s, seed %d", key, seed).isPositive();
            }
          } catch (CapacityException e) {
            assertThat(e.available()).as("seed %d", seed).isLessThan(wanted.size());
          }
        }
      } finally {
        done.set(true);
      }
      for (Future<?> one : running) {
        one.get(30, TimeUnit.SECONDS);
      }
      for (Tier tier : tiers.manager.tiers()) {
        assertThat(tier.pool().status().active()).as("%s, seed %d", tier, seed).isZero();
      }
    }
  }

  private static List<BlockKey> conversation(SplittableRandom random) {
    int start = random.nextInt(10) * 8;
    return keys(LongStream.range(start, start + 1 + random.nextInt(5)).toArray());
  }

  // ---- quotas

  private static final RetentionOptions TENANTS = RetentionOptions.DEFAULT.withMaxNamespaces(8);

  private static void serve(TestTiers tiers, String tenant, List<BlockKey> keys) {
    retention(tiers).claim(tenant, keys);
    tiers.use(keys);
  }

  private static int kept(TestTiers tiers, CacheLevel level, int from, int to) {
    return (int) LongStream.range(from, to).filter(n -> tiers.pool(level).contains(key(n))).count();
  }

  @Test
  void aTenantOverItsQuotaLosesItsOwnBlocksAndNoOther() {
    try (TestTiers tiers = tiers(16, 0, 0, TENANTS)) {
      retention(tiers).setQuota("greedy", "device", 6);
      for (int n = 0; n < 10; n++) {
        serve(tiers, "quiet", List.of(key(n)));
      }
      for (int n = 100; n < 200; n++) {
        serve(tiers, "greedy", List.of(key(n)));
        assertThat(kept(tiers, CacheLevel.DEVICE, 0, 10)).as("after %d", n).isEqualTo(10);
      }
      assertThat(kept(tiers, CacheLevel.DEVICE, 100, 200)).isEqualTo(6);
      assertThat(kept(tiers, CacheLevel.DEVICE, 194, 200)).as("its latest").isEqualTo(6);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void quotasHoldInTheTiersBelow(int batch) {
    try (TestTiers tiers = tiers(8, 16, 24, TENANTS)) {
      retention(tiers).setQuota("greedy", "host", 4);
      retention(tiers).setQuota("greedy", "disk", 6);
      for (int n = 0; n < 36; n++) {
        serve(tiers, "quiet", List.of(key(n)));
      }
      for (int n = 1000; n < 1300; n += batch) {
        serve(tiers, "greedy", keys(LongStream.range(n, n + batch).toArray()));
      }
      assertThat(kept(tiers, CacheLevel.HOST, 1000, 1400)).isLessThanOrEqualTo(4);
      assertThat(kept(tiers, CacheLevel.DISK, 1000, 1400)).isLessThanOrEqualTo(6);
      assertThat(kept(tiers, CacheLevel.HOST, 0, 36) + kept(tiers, CacheLevel.DISK, 0, 36))
          .as("what was not in the device tier, which has no quota, is there")
          .isGreaterThanOrEqualTo(28);
    }
  }

  @Test
  void whatATenantBringsUpMakesRoomByItsOwn() {
    try (TestTiers tiers = tiers(8, 32, 0, TENANTS)) {
      for (int n = 100; n < 112; n++) {
        serve(tiers, "greedy", List.of(key(n)));
      }
      for (int n = 0; n < 4; n++) {
        serve(tiers, "quiet", List.of(key(n)));
      }
      retention(tiers).setQuota("greedy", "device", 4);
      for (int n = 100; n < 112; n++) {
        assertThat(tiers.use(List.of(key(n)))).as("%d", n).isEqualTo(1);
        assertThat(kept(tiers, CacheLevel.DEVICE, 0, 4)).as("after %d", n).isEqualTo(4);
      }
    }
  }

  @Test
  void usageIsVisibleAndClaimsCanBeTakenBack() {
    try (TestTiers tiers = tiers(4, 4, 0, TENANTS)) {
      retention(tiers).setQuota("a", "device", 2);
      retention(tiers).claim("a", keys(50, 51, 52));
      retention(tiers).unclaim(keys(50, 51, 52));
      serve(tiers, "a", keys(1));
      serve(tiers, "b", keys(2, 3, 4));
      serve(tiers, "b", keys(5));
      assertThat(kept(tiers, CacheLevel.DEVICE, 1, 2)).as("a has less than its quota").isZero();
      List<NamespaceUsage> usage = retention(tiers).statistics().namespaces();
      assertThat(usage)
          .filteredOn(one -> one.namespace().equals("b") && one.tier().equals("device"))
          .singleElement()
          .satisfies(one -> assertThat(one.blocks()).isEqualTo(4));
      assertThat(usage)
          .filteredOn(one -> one.namespace().equals("a") && one.tier().equals("device"))
          .singleElement()
          .satisfies(one -> assertThat(one.quotaBlocks()).isEqualTo(2));
    }
  }

  // ---- times to live

  @Test
  void aBlockWhoseTimeIsOverIsServedByNoTier() {
    try (TestTiers tiers =
        tiers(4, 4, 4, RetentionOptions.DEFAULT.withLife(10 * HOUR, 100 * HOUR))) {
      press(tiers, 1, 12);
      assertThat(tiers.tiering().match(keys(1))).hasSize(1).allSatisfy(b -> b.block().close());
      clock.advance(Duration.ofHours(9));
      assertThat(tiers.use(keys(1))).as("moved up meanwhile").isEqualTo(1);
      retention(tiers).pin("a", keys(5), Deadlines.NEVER);
      clock.advance(Duration.ofHours(1));
      for (int n = 1; n <= 12; n++) {
        assertThat(tiers.tiering().match(List.of(key(n)))).as("%d", n).isEmpty();
        for (Tier tier : tiers.manager.tiers()) {
          assertThat(tier.pool().matchBlocks(List.of(key(n)))).isEmpty();
          assertThat(tier.pool().find(key(n))).isEmpty();
          assertThat(tier.pool().matchScattered(List.of(key(n))).getFirst()).isEmpty();
          assertThat(
                  tier.pool()
                      .matchSequenceHashes(List.of(tier.pool().hashScheme().sequenceHash(key(n)))))
              .isEmpty();
        }
      }
      int resident = (int) LongStream.range(1, 13).filter(n -> copies(tiers, key(n)) > 0).count();
      assertThat(retention(tiers).sweep()).as("all but the pinned one").isEqualTo(resident - 1);
      assertThat(copies(tiers, key(5))).isEqualTo(1);
      retention(tiers).release("a");
      clock.advance(Duration.ofHours(100));
      retention(tiers).sweep();
      assertThat(copies(tiers, key(5))).isZero();
      assertThat(retention(tiers).statistics().lives().expired()).isEqualTo(resident);
    }
  }

  @Test
  void aBlockComputedAnewAfterItsTimeIsServedAgain() {
    try (TestTiers tiers =
        tiers(4, 4, 0, RetentionOptions.DEFAULT.withLife(10 * HOUR, 100 * HOUR))) {
      tiers.use(keys(1, 2));
      sink(tiers, key(1), CacheLevel.HOST);
      clock.advance(Duration.ofHours(10));
      assertThat(tiers.use(keys(1, 2))).isZero();
      assertThat(tiers.use(keys(1, 2))).isEqualTo(2);
    }
  }

  @Test
  void aWeakBlockWhoseTimeIsOverIsNotRevived() {
    try (TestTiers tiers =
        tiers(4, 0, 0, RetentionOptions.DEFAULT.withLife(10 * HOUR, 100 * HOUR))) {
      ImmutableBlock block = TestTiers.register(tiers.pool(CacheLevel.DEVICE), key(1), null);
      var weak = block.downgrade();
      weak.upgrade().orElseThrow().close();
      block.close();
      clock.advance(Duration.ofHours(10));
      assertThat(weak.upgrade()).isEmpty();
      assertThat(tiers.pool(CacheLevel.DEVICE).status().inactive()).isEqualTo(1);
    }
  }

  @Test
  void sweepsComeByThemselves() {
    try (TestTiers tiers =
        new TestTiers(
            4,
            4,
            0,
            builder -> builder.retention(RetentionOptions.DEFAULT.withLife(1, 1)),
            Clock.SYSTEM)) {
      TestTiers.register(tiers.pool(CacheLevel.HOST), key(1), null).close();
      TestTiers.await(() -> copies(tiers, key(1)) == 0);
      assertThat(tiers.manager.retention().orElseThrow().statistics().lives().watched()).isZero();
    }
  }

  @Test
  void namespacesAndBlocksMayHaveTimesOfTheirOwn() {
    try (TestTiers tiers = tiers(8, 0, 0, TENANTS.withLife(Deadlines.NEVER, 100 * HOUR))) {
      retention(tiers).setLife("short", HOUR);
      serve(tiers, "short", keys(1));
      serve(tiers, "long", keys(2));
      tiers.use(keys(3));
      retention(tiers).renew(key(3), 3 * HOUR);
      clock.advance(Duration.ofHours(2));
      assertThat(tiers.tiering().match(keys(1))).isEmpty();
      assertThat(tiers.use(keys(2))).isEqualTo(1);
      assertThat(tiers.use(keys(3))).isEqualTo(1);
      clock.advance(Duration.ofHours(2));
      assertThat(tiers.tiering().match(keys(3))).isEmpty();
      assertThat(tiers.use(keys(2))).isEqualTo(1);
    }
  }

  // ---- classes

  @Test
  void theLowestClassIsEvictedFirstInEveryTier() {
    try (TestTiers tiers = tiers(6, 6, 0, RetentionOptions.DEFAULT.withPriorityClasses(3))) {
      for (int n = 0; n < 4; n++) {
        registerWithPriority(tiers, key(n), 7);
      }
      press(tiers, 100, 40);
      assertThat(kept(tiers, CacheLevel.DEVICE, 0, 4)).isEqualTo(4);
      for (int n = 10; n < 16; n++) {
        registerWithPriority(tiers, key(n), 5);
      }
      press(tiers, 200, 40);
      int high = 0;
      for (int n = 0; n < 16; n++) {
        high += (int) copies(tiers, key(n));
      }
      assertThat(high).as("all ten of the class").isEqualTo(10);
    }
  }

  private static void registerWithPriority(TestTiers tiers, BlockKey key, int priority) {
    MutableBlock block = tiers.tiering().allocate(1).getFirst();
    TestTiers.fill(block, key);
    block.setMetadata(new BasicMetadata(priority));
    BlockPool.closeAll(tiers.tiering().register(List.of(block.complete(key, null))));
  }

  // ---- off

  @Test
  void offUnlessAskedFor() {
    try (TestTiers tiers = new TestTiers(4, 4, 0)) {
      assertThat(tiers.manager.retention()).isEmpty();
      assertThatThrownBy(() -> tiers.manager.lookup(keys(1), HOUR))
          .isInstanceOfSatisfying(
              CallerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED));
    }
    try (TestTiers tiers = tiers(4, 4, 0, RetentionOptions.DEFAULT)) {
      Retention retention = retention(tiers);
      assertThatThrownBy(() -> retention.claim("a", keys(1))).isInstanceOf(CallerException.class);
      assertThatThrownBy(() -> retention.setQuota("a", "device", 1))
          .isInstanceOf(CallerException.class);
      assertThatThrownBy(() -> retention.renew(key(1), 1)).isInstanceOf(CallerException.class);
      assertThatThrownBy(() -> retention.pins("tape"))
          .isInstanceOf(CallerException.class)
          .hasMessageContaining("tape");
      assertThat(retention.statistics().namespaces()).isEmpty();
      retention.close();
      retention.close();
    }
  }

  @Test
  void optionsThatCannotBeAreRefused() {
    assertThatThrownBy(() -> RetentionOptions.DEFAULT.withMaxRetainedShare(0))
        .isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> RetentionOptions.DEFAULT.withPriorityClasses(17))
        .isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> RetentionOptions.DEFAULT.withMaxNamespaces(-1))
        .isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> RetentionOptions.DEFAULT.withLife(HOUR, 0))
        .isInstanceOf(ConfigurationException.class);
  }

  @Test
  void aLeasedBlockStaysAlongAWriteThroughEdge() {
    TieringOptions through = TieringOptions.DEFAULT.withWrites(List.of(WritePolicy.THROUGH));
    try (TestTiers tiers =
        new TestTiers(
            4,
            8,
            0,
            builder -> builder.tiering(through).retention(RetentionOptions.DEFAULT),
            clock)) {
      tiers.use(keys(1, 2));
      assertThat(tiers.tiering().flush(TimeUnit.SECONDS.toNanos(20))).isTrue();
      try (Lease lease = tiers.manager.lookup(keys(1, 2), HOUR).lease()) {
        press(tiers, 100, 30);
        assertThat(lease.isActive()).isTrue();
        assertThat(kept(tiers, CacheLevel.DEVICE, 1, 3)).isEqualTo(2);
        BlockPool.closeAll(
            tiers.tiering().onboard(keys(1, 2), OnboardOptions.DEFAULT).await().blocks());
      }
    }
  }
}
