package io.kvbm.core.offload;

import static io.kvbm.core.offload.OffloadTiers.BLOCK_BYTES;
import static io.kvbm.core.offload.OffloadTiers.assertBalanced;
import static io.kvbm.core.offload.OffloadTiers.has;
import static io.kvbm.core.offload.OffloadTiers.limits;
import static io.kvbm.core.offload.OffloadTiers.registerChain;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.TestTiers;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.tiering.TieringOptions;
import io.kvbm.core.transfer.TransferLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Batches that do not end: nobody waits for them, and the edge goes on. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OffloadStallTest {

  private static final OffloadResult COPIED = new OffloadResult.Copied(BLOCK_BYTES);
  private static final Duration STALL = Duration.ofSeconds(1);

  /** Two blocks may be given up: an eighth. */
  private final OffloadTiers tiers = new OffloadTiers(16, 16, 4);

  private final ExecutorService other = Executors.newSingleThreadExecutor();

  @AfterEach
  void close() {
    tiers.close();
    other.shutdownNow();
  }

  /** One batch of two blocks at a time. */
  private OffloadEdge edge(int queued) {
    return OffloadEdge.of(tiers.device, tiers.host, WritePolicy.NONE)
        .withLimits(limits(queued, 2, 1).withStallNanos(STALL.toNanos()));
  }

  private OffloadHandle offload(Offloader offloader, List<ImmutableBlock> blocks) {
    return offload(offloader, blocks, 0);
  }

  private OffloadHandle offload(Offloader offloader, List<ImmutableBlock> blocks, long waitNanos) {
    return offloader.offload(
        tiers.device, tiers.host, blocks, OffloadOptions.DEFAULT.withWaitNanos(waitNanos));
  }

  private OffloadStatistics statistics(Offloader offloader) {
    OffloadStatistics statistics = offloader.statistics(tiers.device, tiers.host);
    assertBalanced(statistics);
    return statistics;
  }

  private static void assertStalled(OffloadHandle handle) {
    assertThat(handle.await()).allSatisfy(OffloadStallTest::assertStalled);
  }

  private static void assertStalled(OffloadResult result) {
    assertThat(result)
        .isInstanceOfSatisfying(
            OffloadResult.Failed.class,
            failed -> assertThat(failed.cause().code()).isEqualTo(ErrorCode.STALLED));
  }

  @Test
  void whoWaitsForABatchThatStallsIsToldAndOthersGoOn() {
    Offloader offloader = tiers.offloader(edge(64));
    List<ImmutableBlock> chain = registerChain(tiers.device, 0, 2);
    List<ImmutableBlock> later = registerChain(tiers.device, 10, 2);
    tiers.transport.holds = true;
    OffloadHandle first = offload(offloader, chain);
    OffloadHandle joined = offload(offloader, chain);
    tiers.transport.holds = false;
    OffloadHandle queued = offload(offloader, later);
    assertThat(queued.doneCount()).isZero();

    tiers.pass(STALL);

    assertStalled(first);
    assertStalled(joined);
    assertThat(queued.await()).containsExactly(COPIED, COPIED);
    assertThat(offload(offloader, chain).await())
        .as("the same keys, by a batch of their own")
        .containsExactly(COPIED, COPIED);
    assertThat(offloader.flush(0)).isTrue();
    OffloadStatistics before = statistics(offloader);
    assertThat(before.stalled()).isEqualTo(2);
    assertThat(before.failed()).isEqualTo(2);
    assertThat(before.copied()).isEqualTo(4);
    assertThat(before.bytesInFlight()).isZero();
    BlockPool.closeAll(chain);
    BlockPool.closeAll(later);
    assertThat(tiers.device.pool().status().active()).as("not freed under it").isEqualTo(2);
    assertThat(tiers.host.pool().status().active()).isEqualTo(2);

    tiers.transport.releaseAll();

    tiers.assertNothingInUse();
    assertThat(statistics(offloader)).isEqualTo(before);
    assertThat(has(tiers.host, 0)).isTrue();
    assertThat(tiers.deadlines.pendingCount()).isZero();
  }

  @Test
  void beyondAnEighthBlocksAreRefusedUntilABatchEnds() {
    Offloader offloader = tiers.offloader(edge(64));
    List<ImmutableBlock> all = registerChain(tiers.device, 0, 10);
    tiers.transport.holds = true;
    OffloadHandle writtenOff = offload(offloader, all.subList(0, 2));
    tiers.pass(STALL);
    OffloadHandle stuck = offload(offloader, all.subList(2, 4));
    assertThat(tiers.transport.heldCount()).as("one in place of the other").isEqualTo(2);
    OffloadHandle queued = offload(offloader, all.subList(4, 6));
    assertThat(queued.doneCount()).isZero();

    tiers.pass(STALL);

    assertStalled(writtenOff);
    assertStalled(stuck);
    assertStalled(queued);
    assertStalled(offload(offloader, all.subList(6, 8)));
    assertThat(tiers.transport.heldCount()).isEqualTo(2);
    assertThat(offloader.flush(0)).isTrue();
    assertThat(statistics(offloader).stalled()).isEqualTo(4);
    assertThat(statistics(offloader).failed()).isEqualTo(8);

    tiers.transport.releaseNext(); // what it took of the eighth goes to the other one
    tiers.transport.holds = false;
    assertThat(offload(offloader, all.subList(8, 10)).await()).containsExactly(COPIED, COPIED);

    BlockPool.closeAll(all);
    tiers.transport.releaseAll();
    tiers.assertNothingInUse();
    assertThat(statistics(offloader).settled()).isEqualTo(10);
  }

  @Test
  void anEdgeGoesOnOnceTheBatchThatHadItsPlaceEnds() {
    Offloader offloader =
        tiers.offloader(
            OffloadEdge.of(tiers.host, tiers.disk, WritePolicy.NONE) // an eighth of 4 is none
                .withLimits(limits(64, 1, 1).withStallNanos(STALL.toNanos())));
    List<ImmutableBlock> chain = registerChain(tiers.host, 0, 3);
    tiers.transport.holds = true;
    List<OffloadHandle> handles = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      if (i == 2) {
        tiers.pass(STALL);
      }
      handles.add(
          offloader.offload(
              tiers.host, tiers.disk, chain.subList(i, i + 1), OffloadOptions.DEFAULT));
    }
    handles.forEach(OffloadStallTest::assertStalled);
    tiers.transport.releaseAll();
    assertThat(
            offloader
                .offload(tiers.host, tiers.disk, chain.subList(1, 3), OffloadOptions.DEFAULT)
                .await())
        .containsExactly(COPIED, COPIED);
    BlockPool.closeAll(chain);
    tiers.assertNothingInUse();
  }

  @Test
  void aCallThatWaitsForRoomIsToldWhenEveryBatchHasStalled() throws Exception {
    OffloadTiers small = new OffloadTiers(8, 4, 4); // an eighth of it is nothing
    Offloader offloader =
        small.offloader(
            OffloadEdge.of(small.device, small.host, WritePolicy.NONE)
                .withLimits(limits(1, 1, 1).withStallNanos(STALL.toNanos())));
    List<ImmutableBlock> chain = registerChain(small.device, 0, 4);
    small.transport.holds = true;
    OffloadOptions patient = OffloadOptions.DEFAULT.withWaitNanos(10 * STALL.toNanos());
    offloader.offload(small.device, small.host, chain.subList(0, 1), patient);
    Future<OffloadHandle> waiting =
        other.submit(
            () -> offloader.offload(small.device, small.host, chain.subList(1, 4), patient));
    TestTiers.await(() -> small.deadlines.pendingCount() == 2);
    small.pass(STALL);
    assertStalled(waiting.get(20, TimeUnit.SECONDS));
    BlockPool.closeAll(chain);
    small.close();
  }

  @Test
  void aBatchThatStalledBeforeItBeganMovesNothing() {
    List<Runnable> tasks = new ArrayList<>();
    Offloader offloader = tiers.offloader(tasks::add, edge(64));
    List<ImmutableBlock> chain = registerChain(tiers.device, 0, 2);
    OffloadHandle handle = offload(offloader, chain);
    tiers.pass(STALL);
    assertStalled(handle);
    List.copyOf(tasks).forEach(Runnable::run);
    assertThat(tiers.transport.batches).isEmpty();
    BlockPool.closeAll(chain);
    tiers.assertNothingInUse();
    assertThat(statistics(offloader).stalled()).isEqualTo(2);
  }

  @Test
  void withoutDeadlinesNothingStalls() {
    Offloader offloader = tiers.offloader(edge(64));
    List<ImmutableBlock> chain = registerChain(tiers.device, 0, 2);
    tiers.deadlines.close();
    assertThat(offload(offloader, chain).await()).containsExactly(COPIED, COPIED);
    BlockPool.closeAll(chain);
  }

  @Test
  void aManagerHasTheTimeToStallFromItsTransfers() {
    TransferLimits impatient = TransferLimits.DEFAULT.withPatience(20_000_000, 64, 30_000_000_000L);
    TestTiers manager =
        new TestTiers(
            64, 64, 0, TieringOptions.DEFAULT.withWrites(List.of(WritePolicy.THROUGH)), impatient);
    BlockPool device = manager.pool(CacheLevel.DEVICE);
    try (ImmutableBlock block = TestTiers.register(device, TestTiers.key(1), null)) {
      manager.transport.holds = true;
      assertStalled(offload(manager, block));
      manager.transport.holds = false;
      // A busy machine may take longer than the limit for any copy.
      TestTiers.await(
          () ->
              offload(manager, block).await().getFirst() instanceof OffloadResult.Copied
                  || manager.pool(CacheLevel.HOST).contains(block.key()));
      assertThat(manager.tiering().offloads().get("device->host").stalled()).isPositive();
      manager.transport.release();
    }
    manager.close();
  }

  private static OffloadHandle offload(TestTiers manager, ImmutableBlock block) {
    List<Tier> all = manager.manager.tiers();
    return manager
        .tiering()
        .offload(all.get(0), all.get(1), List.of(block), OffloadOptions.DEFAULT);
  }
}
