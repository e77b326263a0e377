package io.kvbm.core.tiering;

import static io.kvbm.core.tier.TestTiers.key;
import static io.kvbm.core.tier.TestTiers.keys;
import static io.kvbm.core.tier.TestTiers.use;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.BlockParallelismStrategy;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.config.KvManagerRuntimeConfig;
import io.kvbm.api.policy.AdmissionPolicy;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.offload.WritePolicy;
import io.kvbm.core.onboard.Missing;
import io.kvbm.core.onboard.OnboardOptions;
import io.kvbm.core.onboard.OnboardResult;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.PoolStatus;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.LocatedBlock;
import io.kvbm.core.tier.ScriptedTransport;
import io.kvbm.core.tier.TestTiers;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.transfer.TransferOptions;
import io.kvbm.testkit.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class TieringEngineTest {

  @Test
  void theCapacitiesOfTheTiersAddUpToOneLru() {
    long seed = ThreadLocalRandom.current().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    int[] sizes = {24, 40, 64};
    int whole = 24 + 40 + 64;
    Lru upper = new Lru(whole);
    Lru lower = new Lru(whole - 16);
    int hits = 0;
    try (TestTiers tiers = new TestTiers(sizes[0], sizes[1], sizes[2])) {
      for (int i = 0; i < 6000; i++) {
        long n = (long) (random.nextDouble() * random.nextDouble() * 200);
        hits += use(tiers.tiering(), List.of(key(n)));
        upper.use(n);
        lower.use(n);
      }
      assertThat(hits).as("seed %d", seed).isBetween(lower.hits, upper.hits);
      assertExclusive(tiers, 200, seed);
    }
  }

  /** What a list of so many entries would have found. */
  private static final class Lru extends LinkedHashMap<Long, Boolean> {
    private static final long serialVersionUID = 1L;
    private final int capacity;
    private int hits;

    Lru(int capacity) {
      super(16, 0.75f, true);
      this.capacity = capacity;
    }

    void use(long n) {
      if (put(n, true) != null) {
        hits++;
      }
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<Long, Boolean> eldest) {
      return size() > capacity;
    }
  }

  @Test
  void bringingUpAWholeTierLosesAlmostNothing() {
    try (TestTiers tiers = new TestTiers(16, 16, 0)) {
      for (int from = 0; from < 32; from += 16) {
        use(tiers.tiering(), range(from, from + 16));
      }
      assertThat(resident(tiers, 32)).isEqualTo(32);
      use(tiers.tiering(), range(0, 16));
      assertThat(resident(tiers, 32)).as("all in use at once below").isGreaterThanOrEqualTo(30);
      assertExclusive(tiers, 32, 0);
    }
  }

  private static List<BlockKey> range(int from, int to) {
    List<BlockKey> keys = new ArrayList<>();
    for (int n = from; n < to; n++) {
      keys.add(key(n));
    }
    return keys;
  }

  private static int resident(TestTiers tiers, int keys) {
    int count = 0;
    for (int n = 0; n < keys; n++) {
      for (Tier tier : tiers.manager.tiers()) {
        count += tier.pool().contains(key(n)) ? 1 : 0;
      }
    }
    return count;
  }

  @Test
  void aTierSmallerThanTheOneAboveKeepsTheNewestVictims() {
    try (TestTiers tiers = new TestTiers(12, 3, 0)) {
      use(tiers.tiering(), range(0, 12));
      for (int n = 0; n < 12; n++) {
        use(tiers.tiering(), List.of(key(n))); // now each is newer than the one before
      }
      use(tiers.tiering(), keys(100, 101, 102, 103, 104, 105));
      BlockPool host = tiers.pool(CacheLevel.HOST);
      assertThat(host.status().inactive()).isEqualTo(3);
      assertExclusive(tiers, 120, 0);
    }
  }

  @Test
  void aDamagedBlockIsDroppedAndCutsThePrefix() {
    try (TestTiers tiers = new TestTiers(4, 4, 0)) {
      use(tiers.tiering(), keys(1, 2, 3));
      use(tiers.tiering(), keys(11, 12, 13, 14));
      List<LocatedBlock> found = tiers.tiering().match(keys(1, 2, 3));
      assertThat(found).extracting(LocatedBlock::tier).containsExactly(1, 1, 1);
      found.forEach(block -> block.block().close());
      tiers.transport.failure = () -> ScriptedTransport.broken(ErrorCode.CORRUPT);
      OnboardResult damaged =
          tiers.tiering().onboard(keys(1, 2, 3), OnboardOptions.DEFAULT).await();
      assertThat(damaged.blocks()).isEmpty();
      assertThat(damaged.missing().getFirst()).isInstanceOf(Missing.Corrupt.class);
      tiers.transport.failure = null;
      assertThat(tiers.tiering().match(keys(1))).isEmpty();
      for (Tier tier : tiers.manager.tiers()) {
        assertThat(tier.pool().status().active()).isZero();
      }
    }
  }

  @Test
  void aTransientFailureKeepsTheBlockBelow() {
    try (TestTiers tiers = new TestTiers(4, 4, 0)) {
      use(tiers.tiering(), keys(1, 2));
      use(tiers.tiering(), keys(11, 12, 13, 14));
      List<MutableBlock> room = tiers.tiering().allocate(2);
      BlockPool.closeAll(room);
      tiers.transport.failure = () -> ScriptedTransport.broken(ErrorCode.DEADLINE_EXCEEDED);
      assertThat(tiers.tiering().onboard(keys(1, 2), OnboardOptions.DEFAULT).await().blocks())
          .isEmpty();
      tiers.transport.failure = null;
      List<ImmutableBlock> again =
          tiers.tiering().onboard(keys(1, 2), OnboardOptions.DEFAULT).await().blocks();
      assertThat(again).hasSize(2);
      again.forEach(TestTiers::verify);
      BlockPool.closeAll(again);
    }
  }

  /** Regression: what came down along a write-back edge was never offered to the edge below. */
  @Test
  void whatIsMovedDownGoesOnAlongAWriteThroughEdge() {
    TieringOptions options =
        TieringOptions.DEFAULT.withWrites(List.of(WritePolicy.BACK, WritePolicy.THROUGH));
    try (TestTiers tiers = new TestTiers(2, 4, 8, options)) {
      use(tiers.tiering(), keys(1, 2));
      use(tiers.tiering(), keys(3, 4));
      assertThat(tiers.tiering().flush(TimeUnit.SECONDS.toNanos(20))).isTrue();

      assertThat(tiers.pool(CacheLevel.HOST).contains(key(1))).isTrue();
      assertThat(tiers.pool(CacheLevel.DISK).contains(key(1))).isTrue();
      assertThat(tiers.pool(CacheLevel.DISK).contains(key(2))).isTrue();
      assertThat(tiers.pool(CacheLevel.DISK).contains(key(3))).isFalse();
    }
  }

  @Test
  void aWriteThroughEdgeKeepsACopyBelowWhenItComesUp() {
    TieringOptions options = TieringOptions.DEFAULT.withWrites(List.of(WritePolicy.THROUGH));
    try (TestTiers tiers = new TestTiers(2, 8, 0, options)) {
      use(tiers.tiering(), keys(1, 2));
      assertThat(tiers.tiering().flush(TimeUnit.SECONDS.toNanos(20))).isTrue();
      use(tiers.tiering(), keys(3, 4));
      // What is being copied down is in use, and could not make room.
      assertThat(tiers.tiering().flush(TimeUnit.SECONDS.toNanos(20))).isTrue();

      assertThat(tiers.pool(CacheLevel.DEVICE).contains(key(1))).isFalse();
      assertThat(use(tiers.tiering(), keys(1, 2))).isEqualTo(2);
      assertThat(tiers.pool(CacheLevel.HOST).contains(key(1))).isTrue();
    }
  }

  @Test
  void moreThanTheTopTierHoldsComesUpAsFarAsThereIsRoom() {
    try (TestTiers tiers = new TestTiers(2, 8, 0)) {
      for (int n = 0; n < 6; n++) {
        use(tiers.tiering(), List.of(key(n)));
      }
      OnboardResult result = tiers.tiering().onboard(range(0, 6), OnboardOptions.DEFAULT).await();
      assertThat(result.blocks()).hasSize(2);
      assertThat(result.missing().getFirst()).isInstanceOf(Missing.NoRoom.class);
      BlockPool.closeAll(result.blocks());
      assertThatThrownBy(() -> tiers.tiering().allocate(3)).isInstanceOf(CapacityException.class);
      assertThat(tiers.pool(CacheLevel.DEVICE).status().active()).isZero();
      assertThat(tiers.pool(CacheLevel.HOST).status().active()).isZero();
      assertThat(resident(tiers, 6)).isEqualTo(6);
    }
  }

  @Test
  void aLogicalTierBelowTakesNothingAndStopsNobody() {
    KvManagerLayoutConfig logical =
        KvManagerLayoutConfig.builder()
            .numBlocks(4)
            .logical(BlockParallelismStrategy.LEADER_WORKER_SHARDED)
            .build();
    try (Platform platform = Platform.load();
        KvBlockManager manager =
            KvBlockManager.create(
                KvBlockManagerConfig.builder()
                    .runtime(KvManagerRuntimeConfig.builder().build())
                    .model(TestTiers.MODEL)
                    .deviceLayout(
                        KvManagerLayoutConfig.builder()
                            .numBlocks(2)
                            .allocator(platform.allocator("system"))
                            .build())
                    .hostLayout(logical)
                    .build(),
                platform)) {
      for (int n = 0; n < 5; n++) {
        use(manager.tiering(), List.of(key(n)));
      }
      assertThat(manager.host().orElseThrow().status()).isEqualTo(new PoolStatus(0, 0, 4));
      assertThat(manager.device().orElseThrow().status()).isEqualTo(new PoolStatus(0, 2, 0));
      assertThat(manager.tiering().dropped()).containsEntry("device", 3L);
    }
  }

  @Test
  void aVictimUsedAgainWhileItsCopyIsMadeIsInOneTierOnly() throws Exception {
    try (TestTiers tiers = new TestTiers(1, 2, 0);
        ExecutorService other = Executors.newSingleThreadExecutor()) {
      use(tiers.tiering(), keys(1));
      tiers.transport.holds = true;
      Future<?> allocation =
          other.submit(
              () ->
                  assertThatThrownBy(() -> tiers.tiering().allocate(1))
                      .isInstanceOf(CapacityException.class));
      while (tiers.pool(CacheLevel.HOST).status().active() == 0) {
        Thread.onSpinWait();
      }
      ImmutableBlock again = tiers.pool(CacheLevel.DEVICE).find(key(1)).orElseThrow();
      while (!allocation.isDone()) {
        tiers.transport.release();
        Thread.onSpinWait();
      }
      allocation.get(10, TimeUnit.SECONDS);
      assertThat(tiers.pool(CacheLevel.DEVICE).contains(key(1))).isTrue();
      assertThat(tiers.pool(CacheLevel.HOST).contains(key(1))).isFalse();
      again.close();
    }
  }

  @Test
  void severalThreadsUseOneChain() throws Exception {
    long seed = ThreadLocalRandom.current().nextLong();
    try (TestTiers tiers = new TestTiers(40, 16, 24);
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> running = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        SplittableRandom random = new SplittableRandom(seed + thread);
        running.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < 1500; i++) {
                    int start = random.nextInt(12) * 10;
                    use(tiers.tiering(), range(start, start + 1 + random.nextInt(6)));
                  }
                }));
      }
      for (Future<?> one : running) {
        one.get(25, TimeUnit.SECONDS);
      }
      for (Tier tier : tiers.manager.tiers()) {
        assertThat(tier.pool().status().active()).as("%s, seed %d", tier, seed).isZero();
        BlockPool.closeAll(tier.pool().allocateBlocks((int) tier.pool().totalBlocks()));
      }
    }
  }

  /** A block that is in some tier all the time is found, whichever way it goes. */
  @Test
  void aBlockOnItsWayUpIsNotMissed() throws Exception {
    try (TestTiers tiers = new TestTiers(4, 64, 0);
        ExecutorService other = Executors.newSingleThreadExecutor()) {
      use(tiers.tiering(), keys(1));
      AtomicInteger left = new AtomicInteger(3000);
      Future<Integer> seeker =
          other.submit(
              () -> {
                int missed = 0;
                while (left.get() > 0) {
                  List<LocatedBlock> found = tiers.tiering().match(keys(1));
                  missed += found.isEmpty() ? 1 : 0;
                  found.forEach(block -> block.block().close());
                }
                return missed;
              });
      for (int round = 0; left.get() > 0; round++) {
        try {
          BlockPool.closeAll(tiers.tiering().allocate(4)); // pushes the block down
        } catch (CapacityException e) {
          assertThat(e.available()).as("the seeker holds one").isGreaterThanOrEqualTo(3);
        }
        try {
          BlockPool.closeAll(
              tiers.tiering().onboard(keys(1), OnboardOptions.DEFAULT).await().blocks());
        } finally {
          left.decrementAndGet();
        }
      }
      assertThat(seeker.get(10, TimeUnit.SECONDS)).isZero();
    }
  }

  private static void assertExclusive(TestTiers tiers, int keys, long seed) {
    for (int n = 0; n < keys; n++) {
      BlockKey key = key(n);
      assertThat(tiers.manager.tiers().stream().filter(t -> t.pool().contains(key)).count())
          .as("copies of block %d, seed %d", n, seed)
          .isLessThanOrEqualTo(1);
    }
  }

  @Test
  void whatAnAdmissionRefusesIsJustEvicted() {
    TieringOptions options =
        TieringOptions.DEFAULT.withAdmissions(
            List.of((key, byteSize, priority) -> key.lo() % 2 == 0));
    try (TestTiers tiers = new TestTiers(8, 16, 0, options)) {
      for (long n = 0; n < 16; n++) {
        use(tiers.tiering(), List.of(key(n)));
      }
      for (long n = 0; n < 8; n++) {
        assertThat(tiers.pool(CacheLevel.HOST).contains(key(n))).as("%d", n).isEqualTo(n % 2 == 0);
      }
      assertThat(tiers.tiering().refused()).containsEntry("device", 4L);
      assertThat(tiers.tiering().dropped()).containsEntry("device", 0L);
    }
  }

  @Test
  void anAdmissionThatThrowsKeepsNobodyFromGettingRoom() {
    TieringOptions options =
        TieringOptions.DEFAULT.withAdmissions(
            List.of(
                (key, _, _) -> {
                  throw new IllegalStateException("out of order");
                }));
    try (TestTiers tiers = new TestTiers(2, 4, 0, options)) {
      tiers.use(keys(1, 2));
      tiers.use(keys(3));
      assertThat(tiers.pool(CacheLevel.HOST).contains(key(2))).isFalse();
      assertThat(tiers.tiering().refused()).containsEntry("device", 1L);
      assertThat(tiers.tiering().dropped()).containsEntry("device", 0L);
    }
  }

  @Test
  void whatACallerMovesMakesWhatItDisplacesGoDownToo() {
    try (TestTiers tiers = new TestTiers(4, 1, 4)) {
      TestTiers.register(tiers.pool(CacheLevel.HOST), key(1), null).close();
      ImmutableBlock block = TestTiers.register(tiers.pool(CacheLevel.DEVICE), key(2), null);
      tiers
          .manager
          .offload(List.of(block), CacheLevel.HOST, TransferOptions.DEFAULT)
          .await()
          .forEach(moved -> moved.block().orElseThrow().close());
      block.close();
      assertThat(tiers.pool(CacheLevel.HOST).contains(key(2))).isTrue();
      assertThat(tiers.pool(CacheLevel.DISK).contains(key(1))).isTrue();
    }
  }

  /** Time stands still: whatever goes down goes quickly. */
  private static TestTiers timeless() {
    return new TestTiers(1, 256, 64, builder -> builder, new ManualClock());
  }

  @Test
  void aLowerTierGivesABatchAtOnceAndNothingIsLost() {
    try (TestTiers tiers = timeless()) {
      for (long n = 0; n < 258; n++) {
        tiers.use(keys(n));
      }
      assertThat(tiers.pool(CacheLevel.DISK).status().inactive())
          .as("nobody knows yet how quickly they go")
          .isEqualTo(1);
      for (long n = 258; n < 262; n++) {
        tiers.use(keys(n));
        assertThat(tiers.pool(CacheLevel.DISK).status().inactive()).isEqualTo(5);
      }
      for (long n = 0; n < 262; n++) {
        assertThat(tiers.manager.tiers()).filteredOn(holds(n)).as("block %d", n).hasSize(1);
      }
    }
  }

  /** Regression: who needed one block waited for as many as a quick store would have taken. */
  @Test
  void aLowerTierWhoseBlocksGoSlowlyGivesNoMoreThanItMust() {
    ManualClock clock = new ManualClock();
    try (TestTiers tiers = new TestTiers(1, 256, 64, builder -> builder, clock)) {
      for (long n = 0; n < 257; n++) {
        tiers.use(keys(n));
      }
      tiers.transport.holdsNext.set(1);
      CompletableFuture<Integer> slow = CompletableFuture.supplyAsync(() -> tiers.use(keys(257)));
      TestTiers.await(() -> tiers.transport.heldCount() == 1);
      clock.advance(Duration.ofSeconds(1));
      tiers.transport.release();
      slow.join();
      for (long n = 258; n < 261; n++) {
        tiers.use(keys(n));
        assertThat(tiers.pool(CacheLevel.DISK).status().inactive()).isEqualTo(n - 256);
      }
    }
  }

  @Test
  void whatNeedNotLeaveStaysWhereTheLowerTierTakesNothing() {
    try (TestTiers tiers = timeless()) {
      for (long n = 0; n < 258; n++) {
        tiers.use(keys(n));
      }
      List<ImmutableBlock> pinned = new ArrayList<>();
      for (long n = 1000; n < 1064; n++) {
        pinned.add(TestTiers.register(tiers.pool(CacheLevel.DISK), key(n), null));
      }
      tiers.use(keys(258));
      assertThat(tiers.tiering().dropped()).containsEntry("host", 1L);
      assertThat(tiers.pool(CacheLevel.HOST).status().inactive()).isEqualTo(256);
      BlockPool.closeAll(pinned);
    }
  }

  private static Predicate<Tier> holds(long n) {
    return tier -> tier.pool().contains(key(n));
  }

  @Test
  void moreAdmissionsThanEdgesAreRefused() {
    TieringOptions options =
        TieringOptions.DEFAULT.withAdmissions(
            List.of(AdmissionPolicy.PASS_ALL, AdmissionPolicy.PASS_ALL));
    assertThatThrownBy(() -> new TestTiers(4, 4, 0, options))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("2 tiers have 1 edges between them, 2 admissions were given");
  }
}
