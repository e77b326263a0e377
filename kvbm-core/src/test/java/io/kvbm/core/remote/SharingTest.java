package io.kvbm.core.remote;

import static io.kvbm.core.remote.SharingWorld.SHARED;
import static io.kvbm.core.remote.SharingWorld.register;
import static io.kvbm.core.remote.SharingWorld.sequence;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.core.onboard.OnboardOptions;
import io.kvbm.core.onboard.OnboardResult;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.remote.SharingWorld.Worker;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.TestTiers;
import io.kvbm.core.transfer.TransferOptions;
import io.kvbm.testkit.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
@SuppressWarnings("try") // closing may wait
class SharingTest {

  private static final Duration LONG = Duration.ofSeconds(20);

  private static FetchResult fetch(Worker worker, List<BlockKey> keys) throws Exception {
    return fetching(worker, keys).get(30, TimeUnit.SECONDS);
  }

  private static CompletableFuture<FetchResult> fetching(Worker worker, List<BlockKey> keys) {
    return worker.manager().fetchRemoteBlocks(keys, LONG).toCompletableFuture();
  }

  private static void assertAllFree(Worker worker) {
    TestTiers.await(
        () ->
            worker.manager().tiers().stream()
                .allMatch(tier -> tier.pool().availableBlocks() == tier.pool().totalBlocks()));
  }

  @Test
  void case60_aPrefixAnotherWorkerHasIsAHit() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      Worker one = world.worker(1, 16, SHARED);
      Worker two = world.worker(2, 16, SHARED);
      List<BlockKey> keys = sequence(1, 8);
      register(one, keys.subList(0, 6));
      register(two, keys.subList(0, 2));
      world.awaitPublished(1, keys.subList(0, 6));
      OnboardResult result = two.manager().tiering().onboard(keys, OnboardOptions.DEFAULT).await();
      assertThat(result.blocks()).extracting(ImmutableBlock::key).isEqualTo(keys.subList(0, 6));
      result.blocks().forEach(TestTiers::verify);
      assertThat(result.blocks().get(2).parent()).contains(keys.get(1));
      assertThat(result.hits()).containsEntry("remote", 4).containsEntry("device", 2);
      assertThat(result.sources()).containsExactly(0, 0, 1, 1, 1, 1);
      assertThat(result.missing()).hasSize(2);
      BlockPool.closeAll(result.blocks());
      assertThat(two.manager().tiering().onboards().hits()).containsEntry("remote", 4L);
      assertAllFree(one);
      assertThat(one.sharing().statistics().lentNow()).isZero();
      assertThat(two.sharing().statistics().fetchedBlocks()).isEqualTo(4);
      world.awaitPublished(2, keys.subList(0, 6));
    }
  }

  @Test
  void eachBlockIsDeliveredOnceAndInOrder() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      Worker one = world.worker(1, 16, SHARED);
      Worker two = world.worker(2, 16, SHARED);
      List<BlockKey> keys = sequence(1, 6);
      register(one, keys);
      register(two, keys.subList(0, 3));
      world.awaitPublished(1, keys);
      List<BlockKey> seen = Collections.synchronizedList(new ArrayList<>());
      var onboarding = two.manager().tiering().onboard(keys, OnboardOptions.DEFAULT);
      onboarding.onEach(block -> seen.add(block.key()));
      OnboardResult result = onboarding.await();
      TestTiers.await(() -> seen.size() == 6);
      assertThat(seen).isEqualTo(keys);
      BlockPool.closeAll(result.blocks());
    }
  }

  @Test
  void wrongBytesAreAMiss() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      Worker one = world.worker(1, 16, SHARED);
      Worker two = world.worker(2, 16, SHARED);
      List<BlockKey> keys = sequence(1, 4);
      register(one, keys);
      world.awaitPublished(1, keys);
      world.agents.corrupts = true;
      FetchResult result = fetch(two, keys);
      assertThat(result.blocks()).isEmpty();
      assertThat(result.failure().orElseThrow().code()).isEqualTo(ErrorCode.CORRUPT);
      assertThat(two.sharing().statistics().failed("fetch corrupt")).isEqualTo(1);
      assertThat(two.manager().device().orElseThrow().contains(keys.get(0))).isFalse();
      assertAllFree(two);
      assertAllFree(one);
    }
  }

  @Test
  void aPeerLostInTheMiddleOfAFetchEndsIt() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      Worker one = world.worker(1, 16, SHARED);
      Worker two = world.worker(2, 16, SHARED);
      List<BlockKey> keys = sequence(1, 4);
      register(one, keys);
      world.awaitPublished(1, keys);
      world.agents.holds = true;
      CompletableFuture<FetchResult> fetching = fetching(two, keys);
      TestTiers.await(() -> world.agents.heldCount() > 0);
      world.agents.directory.expire(1);
      FetchResult result = fetching.get(10, TimeUnit.SECONDS);
      assertThat(result.blocks()).isEmpty();
      assertThat(result.failure().orElseThrow().code()).isEqualTo(ErrorCode.DISCONNECTED);
      BlockPool pool = two.manager().device().orElseThrow();
      assertThat(pool.availableBlocks()).as("bytes may still arrive").isLessThan(16);
      world.agents.release();
      assertAllFree(two);
    }
  }

  @Test
  void aPeerThatDoesNotAnswerCostsTheDeadlineAndNoMore() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      Worker one = world.worker(1, 16, SHARED);
      Worker two = world.worker(2, 16, SHARED.withFetches(Duration.ofMillis(50), 64, 4));
      List<BlockKey> keys = sequence(1, 4);
      register(one, keys);
      world.awaitPublished(1, keys);
      world.agents.silent = true;
      OnboardResult result = two.manager().tiering().onboard(keys, OnboardOptions.DEFAULT).await();
      assertThat(result.blocks()).isEmpty();
      assertThat(two.sharing().statistics().failed("fetch deadline_exceeded")).isEqualTo(1);
    }
  }

  @Test
  void aFetchThatIsCancelledEndsAtOnceAndDrains() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      Worker one = world.worker(1, 16, SHARED);
      Worker two = world.worker(2, 16, SHARED.withFetches(LONG, 64, 4));
      List<BlockKey> keys = sequence(1, 4);
      register(one, keys);
      world.awaitPublished(1, keys);
      world.agents.holds = true;
      var onboarding = two.manager().tiering().onboard(keys, OnboardOptions.DEFAULT);
      TestTiers.await(() -> world.agents.heldCount() > 0);
      CompletableFuture<Void> drained = onboarding.cancel().toCompletableFuture();
      assertThat(onboarding.await().blocks()).isEmpty();
      assertThat(drained).isNotDone();
      world.agents.release();
      drained.get(10, TimeUnit.SECONDS);
      assertAllFree(two);
    }
  }

  @Test
  void whatNoTierHasAnyMoreIsWithdrawn() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      Worker one = world.worker(1, 4, SHARED);
      register(one, sequence(1, 4));
      world.awaitPublished(1, sequence(1, 4));
      register(one, sequence(11, 4));
      TestTiers.await(() -> world.agents.directory.of(1).equals(Set.copyOf(sequence(11, 4))));
      one.manager().device().orElseThrow().reset();
      TestTiers.await(() -> world.agents.directory.of(1).isEmpty());
    }
  }

  @Test
  void onlyTiersThatAreLentAreLent() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      Worker one = world.worker(1, 16, SHARED.withLend(Set.of(CacheLevel.HOST)));
      Worker two = world.worker(2, 16, SHARED);
      register(one, sequence(1, 4));
      assertThat(fetch(two, sequence(1, 4)).blocks()).isEmpty();
      assertThat(world.agents.directory.of(1)).isEmpty();
      assertThat(one.sharing().blockSet().parts()).isEmpty();
    }
  }

  @Test
  void whatArrivesAfterItsLoanHasEndedIsNotTakenForTheBlock() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      Worker one = world.worker(1, 4, SHARED.withLoans(64, Duration.ofMillis(50)));
      Worker two = world.worker(2, 16, SHARED);
      List<BlockKey> keys = sequence(1, 4);
      register(one, keys);
      world.awaitPublished(1, keys);
      world.agents.holds = true;
      CompletableFuture<FetchResult> fetching = fetching(two, keys);
      TestTiers.await(() -> world.agents.heldCount() > 0);
      assertAllFree(one);
      assertThat(one.sharing().statistics().lentNow()).isZero();
      register(one, sequence(100, 4)); // into the memory that was lent
      world.agents.release();
      FetchResult result = fetching.get(10, TimeUnit.SECONDS);
      assertThat(result.blocks()).isEmpty();
      assertThat(result.failure().orElseThrow().code()).isEqualTo(ErrorCode.CORRUPT);
      assertAllFree(two);
    }
  }

  @Test
  void aPeerThatGaveWrongBytesIsLeftAloneForAWhile() throws Exception {
    ManualClock clock = new ManualClock();
    try (SharingWorld world = new SharingWorld(clock)) {
      Worker one = world.worker(1, 16, SHARED);
      Worker two = world.worker(2, 16, SHARED);
      List<BlockKey> keys = sequence(1, 4);
      register(one, keys);
      world.awaitPublished(1, keys);
      world.agents.corrupts = true;
      assertThat(fetch(two, keys).failure()).isPresent();
      world.agents.corrupts = false;
      FetchResult early = fetch(two, keys);
      assertThat(early.blocks()).isEmpty();
      assertThat(early.failure()).as("nobody was asked").isEmpty();
      clock.advance(Duration.ofSeconds(1));
      FetchResult later = fetch(two, keys);
      assertThat(later.blocks()).hasSize(4);
      later.blocks().forEach(TestTiers::verify);
      BlockPool.closeAll(later.blocks());
    }
  }

  @Test
  void moreThanMayBeLentAtOnceIsNotLent() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      Worker one = world.worker(1, 16, SHARED.withLoans(3, LONG));
      Worker two = world.worker(2, 16, SHARED);
      register(one, sequence(1, 8));
      world.awaitPublished(1, sequence(1, 8));
      FetchResult result = fetch(two, sequence(1, 8));
      assertThat(result.blocks()).hasSize(3);
      BlockPool.closeAll(result.blocks());
      TestTiers.await(() -> one.sharing().statistics().lentNow() == 0);
    }
  }

  @Test
  void workersThatEvictWhileTheyLendNeverGiveWrongBytes() throws Exception {
    long seed = ThreadLocalRandom.current().nextLong();
    try (SharingWorld world = new SharingWorld();
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Worker> workers = List.of(world.worker(1, 24, SHARED), world.worker(2, 24, SHARED));
      List<Future<?>> running = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        SplittableRandom random = new SplittableRandom(seed + thread);
        Worker own = workers.get(thread % 2);
        running.add(
            threads.submit(
                () -> {
                  for (int round = 0; round < 250; round++) {
                    long first = 100L * random.nextInt(8);
                    TestTiers.use(own.manager().tiering(), sequence(first, 1 + random.nextInt(8)));
                  }
                }));
      }
      for (Future<?> one : running) {
        one.get(50, TimeUnit.SECONDS);
      }
      long fetched =
          workers.stream().mapToLong(w -> w.sharing().statistics().fetchedBlocks()).sum();
      assertThat(fetched).as("seed %d", seed).isPositive();
      workers.forEach(SharingTest::assertAllFree);
    }
  }

  private static SharingOptions staging(int blocks) {
    return SHARED
        .withStagingByteSize(blocks * TestTiers.MODEL.layout(1, 1).blockByteSize())
        .withLend(Set.of(CacheLevel.DISK));
  }

  /** A worker whose blocks are in a store that no peer reads. */
  private static Worker stored(SharingWorld world, long id, SharingOptions options) {
    return world.worker(
        id, options, "model", c -> c.deviceLayout(world.system(32)).diskLayout(world.store(32)));
  }

  private static void store(Worker worker, List<BlockKey> keys) {
    register(worker, keys);
    var tiering = worker.manager().tiering();
    List<ImmutableBlock> blocks = worker.manager().device().orElseThrow().matchBlocks(keys);
    worker
        .manager()
        .offload(blocks, CacheLevel.DISK, TransferOptions.DEFAULT)
        .await()
        .forEach(moved -> moved.block().orElseThrow().close());
    BlockPool.closeAll(blocks);
    worker.manager().device().orElseThrow().reset();
    assertThat(tiering.flush(10_000_000_000L)).isTrue();
  }

  @Test
  void blocksOfAStoreAreLentOutOfStaging() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      Worker one = stored(world, 1, staging(8));
      Worker two = world.worker(2, 16, SHARED);
      store(one, sequence(1, 6));
      world.awaitPublished(1, sequence(1, 6));
      assertThat(one.sharing().blockSet().parts())
          .singleElement()
          .matches(part -> part.name().equals(BlockSet.STAGING) && part.slots() == 8);
      FetchResult result = fetch(two, sequence(1, 6));
      assertThat(result.blocks()).hasSize(6);
      result.blocks().forEach(TestTiers::verify);
      BlockPool.closeAll(result.blocks());
      assertAllFree(one);
    }
  }

  @Test
  void stagingIsBoundedAndServesWhoeverWaits() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      Worker one = stored(world, 1, staging(3));
      Worker two = world.worker(2, 16, SHARED.withFetches(LONG, 64, 8));
      Worker three = world.worker(3, 16, SHARED.withFetches(LONG, 64, 8));
      store(one, sequence(1, 6));
      world.awaitPublished(1, sequence(1, 6));
      world.agents.holds = true;
      CompletableFuture<FetchResult> first = fetching(two, sequence(1, 6));
      TestTiers.await(() -> world.agents.heldCount() == 1);
      CompletableFuture<FetchResult> second = fetching(three, sequence(1, 6));
      assertThat(second).as("all of staging is lent").isNotDone();
      world.agents.release();
      for (CompletableFuture<FetchResult> fetching : List.of(first, second)) {
        FetchResult result = fetching.get(20, TimeUnit.SECONDS);
        assertThat(result.blocks()).hasSize(3);
        result.blocks().forEach(TestTiers::verify);
        BlockPool.closeAll(result.blocks());
      }
    }
  }

  @Test
  void withoutStagingBlocksOfAStoreAreNotLent() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      Worker one = stored(world, 1, staging(0));
      Worker two = world.worker(2, 16, SHARED);
      store(one, sequence(1, 2));
      world.awaitPublished(1, sequence(1, 2));
      FetchResult result = fetch(two, sequence(1, 2));
      assertThat(result.blocks()).isEmpty();
      assertThat(result.failure()).isEmpty();
      assertAllFree(one);
    }
  }
}
