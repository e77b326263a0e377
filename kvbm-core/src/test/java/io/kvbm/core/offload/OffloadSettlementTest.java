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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Cancelling, waiting for room, closing. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OffloadSettlementTest {

  private static final OffloadResult COPIED = new OffloadResult.Copied(BLOCK_BYTES);
  private static final OffloadResult CANCELLED = new OffloadResult.Cancelled();
  private static final OffloadResult FULL =
      new OffloadResult.Skipped(OffloadResult.Reason.QUEUE_FULL);
  private static final long SECOND = 1_000_000_000;

  private final OffloadTiers tiers = new OffloadTiers(16, 16, 4);
  private final ExecutorService other = Executors.newSingleThreadExecutor();

  @AfterEach
  void close() {
    tiers.close();
    other.shutdownNow();
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

  @Test
  void case57_aCancelIsConfirmedOnlyAfterWhatIsInFlightHasDrained() {
    Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.NONE, 2));
    tiers.transport.holds = true;
    List<ImmutableBlock> chain = registerChain(tiers.device, 0, 4);
    OffloadHandle handle = offload(offloader, chain, 0);
    AtomicInteger completions = new AtomicInteger();
    handle.results().thenRun(completions::incrementAndGet);
    BlockPool.closeAll(chain);
    assertThat(handle.cancel()).isTrue();
    assertThat(handle.doneCount()).isEqualTo(2);
    assertThat(completions).hasValue(0);
    assertThat(handle.cancel()).isFalse();
    tiers.transport.releaseAll();
    assertThat(completions).hasValue(1);
    assertThat(handle.await()).containsExactly(COPIED, COPIED, CANCELLED, CANCELLED);
    assertThat(has(tiers.host, 1)).isTrue();
    assertThat(has(tiers.host, 2)).isFalse();
    assertThat(tiers.transport.batches).hasSize(1);
    assertThat(statistics(offloader).cancelled()).isEqualTo(2);
    tiers.assertNothingInUse();
  }

  @Test
  void case57_aCancelOfQueuedBlocksIsConfirmedAtOnce() {
    Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.NONE, 2));
    tiers.transport.holds = true;
    OffloadHandle busy = offload(offloader, registerChain(tiers.device, 0, 2), 0);
    OffloadHandle handle = offload(offloader, registerChain(tiers.device, 10, 2), 0);
    assertThat(handle.cancel()).isTrue();
    assertThat(handle.results().toCompletableFuture()).isCompleted();
    assertThat(statistics(offloader).queued()).isZero();
    tiers.transport.releaseAll();
    assertThat(busy.await()).containsExactly(COPIED, COPIED);
  }

  @Test
  void aCancelAfterTheEndChangesNothing() {
    Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.NONE, 2));
    OffloadHandle handle = offload(offloader, registerChain(tiers.device, 0, 2), 0);
    assertThat(handle.cancel()).isFalse();
    assertThat(handle.await()).containsExactly(COPIED, COPIED);
    assertThat(statistics(offloader).cancelled()).isZero();
  }

  @Test
  void aFullQueueRefusesTheSurplus() {
    Offloader offloader =
        tiers.offloader(tiers.edge(WritePolicy.THROUGH, 1).withLimits(limits(2, 1, 1)));
    tiers.transport.holds = true;
    List<ImmutableBlock> chain = registerChain(tiers.device, 0, 5);
    OffloadHandle handle = offload(offloader, chain.subList(0, 2), 0);
    OffloadHandle surplus = offload(offloader, chain.subList(2, 5), 0);
    offloader.registered(tiers.device, chain.subList(3, 5));
    assertThat(statistics(offloader).queued()).isEqualTo(2);
    assertThat(statistics(offloader).queueFull()).isEqualTo(4);
    assertThat(surplus.doneCount()).isEqualTo(2);
    tiers.transport.releaseAll();
    assertThat(handle.await()).containsExactly(COPIED, COPIED);
    assertThat(surplus.await()).containsExactly(COPIED, FULL, FULL);
    BlockPool.closeAll(chain);
  }

  @Test
  void callsForAQueuedBlockAreBoundedToo() {
    Offloader offloader =
        tiers.offloader(tiers.edge(WritePolicy.THROUGH, 1).withLimits(limits(2, 1, 1)));
    tiers.transport.holds = true;
    List<ImmutableBlock> one = registerChain(tiers.device, 0, 1);
    List<OffloadHandle> handles = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      handles.add(offload(offloader, one, 0));
    }
    assertThat(handles.get(3).await()).containsExactly(FULL);
    offloader.registered(tiers.device, one); // takes no memory, so it is not refused
    assertThat(statistics(offloader).queueFull()).isEqualTo(1);
    tiers.transport.releaseAll();
    assertThat(handles.get(2).await()).containsExactly(COPIED);
    BlockPool.closeAll(one);
  }

  /** Offloads three blocks where one is in flight and one queued fills the queue. */
  private Future<OffloadHandle> waitForRoom(Offloader offloader, List<ImmutableBlock> chain)
      throws InterruptedException {
    tiers.transport.holds = true;
    offload(offloader, chain.subList(0, 2), 0);
    CountDownLatch begun = new CountDownLatch(1);
    Future<OffloadHandle> waiting =
        other.submit(
            () -> {
              begun.countDown();
              return offload(offloader, chain.subList(2, 4), SECOND);
            });
    begun.await();
    tiers.awaitAlarm();
    return waiting;
  }

  private Offloader narrow() {
    return tiers.offloader(tiers.edge(WritePolicy.NONE, 1).withLimits(limits(1, 1, 1)));
  }

  @Test
  void aCallWaitsForRoom() throws Exception {
    Offloader offloader = narrow();
    List<ImmutableBlock> chain = registerChain(tiers.device, 0, 4);
    Future<OffloadHandle> waiting = waitForRoom(offloader, chain);
    assertThat(waiting.isDone()).isFalse();
    tiers.transport.releaseNext();
    tiers.transport.releaseNext();
    OffloadHandle handle = waiting.get(20, TimeUnit.SECONDS);
    tiers.transport.releaseAll();
    assertThat(handle.await()).containsExactly(COPIED, COPIED);
    assertThat(tiers.deadlines.pendingCount()).isZero();
    BlockPool.closeAll(chain);
  }

  @Test
  void aCallWaitsNoLongerThanItMay() throws Exception {
    Offloader offloader = narrow();
    List<ImmutableBlock> chain = registerChain(tiers.device, 0, 4);
    Future<OffloadHandle> waiting = waitForRoom(offloader, chain);
    tiers.pass(Duration.ofSeconds(1));
    assertThat(waiting.get(20, TimeUnit.SECONDS).await()).containsExactly(FULL, FULL);
    tiers.transport.releaseAll();
    assertThat(statistics(offloader).copied()).isEqualTo(2);
    BlockPool.closeAll(chain);
  }

  @Test
  void aCloseEndsTheWaitForRoom() throws Exception {
    Offloader offloader = narrow();
    List<ImmutableBlock> chain = registerChain(tiers.device, 0, 4);
    Future<OffloadHandle> waiting = waitForRoom(offloader, chain);
    ExecutorService closer = Executors.newSingleThreadExecutor();
    Future<?> closing = closer.submit(offloader::close);
    assertThat(waiting.get(20, TimeUnit.SECONDS).await()).containsExactly(CANCELLED, CANCELLED);
    tiers.transport.releaseAll();
    closing.get(20, TimeUnit.SECONDS);
    closer.shutdown();
    assertThat(statistics(offloader).cancelled()).isEqualTo(3);
    BlockPool.closeAll(chain);
  }

  @Test
  void aCloseCancelsWhatIsQueuedAndDrainsWhatIsInFlight() throws Exception {
    Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.NONE, 2));
    tiers.transport.holds = true;
    List<ImmutableBlock> chain = registerChain(tiers.device, 0, 4);
    OffloadHandle handle = offload(offloader, chain, 0);
    Future<?> closing = other.submit(offloader::close);
    tiers.awaitAlarm();
    assertThat(handle.doneCount()).isEqualTo(2);
    assertThat(closing.isDone()).isFalse();
    tiers.transport.releaseAll();
    closing.get(20, TimeUnit.SECONDS);
    assertThat(handle.await()).containsExactly(COPIED, COPIED, CANCELLED, CANCELLED);
    assertThat(statistics(offloader).undrained()).isZero();
    BlockPool.closeAll(chain);
    tiers.assertNothingInUse();
  }

  @Test
  void aCloseGivesUpWhatDoesNotDrainAndLeavesItToItsTransfer() throws Exception {
    Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.NONE, 2));
    tiers.transport.holds = true;
    List<ImmutableBlock> chain = registerChain(tiers.device, 0, 2);
    OffloadHandle handle = offload(offloader, chain, 0);
    AtomicInteger completions = new AtomicInteger();
    handle.results().thenRun(completions::incrementAndGet);
    Future<?> closing = other.submit(offloader::close);
    tiers.awaitAlarm();
    BlockPool.closeAll(chain);
    tiers.pass(Duration.ofSeconds(1));
    closing.get(20, TimeUnit.SECONDS);
    assertThat(handle.await())
        .allSatisfy(
            result ->
                assertThat(result)
                    .isInstanceOfSatisfying(
                        OffloadResult.Failed.class,
                        failed ->
                            assertThat(failed.cause().code())
                                .isEqualTo(ErrorCode.DEADLINE_EXCEEDED)));
    OffloadStatistics before = statistics(offloader);
    assertThat(before.undrained()).isEqualTo(2);
    assertThat(before.failed()).isEqualTo(2);
    assertThat(tiers.device.pool().status().active()).isEqualTo(2); // not freed under the transfer
    assertThat(tiers.host.pool().status().active()).isEqualTo(2);
    tiers.transport.releaseAll();
    tiers.assertNothingInUse();
    assertThat(statistics(offloader)).isEqualTo(before);
    assertThat(completions).hasValue(1);
    assertThat(offloader.flush(0)).isTrue();
  }

  @Test
  void aBatchThatNeverBeganMovesNothingAfterTheClose() {
    List<Runnable> tasks = new ArrayList<>();
    Offloader offloader =
        tiers.offloader(
            tasks::add,
            tiers.edge(WritePolicy.NONE, 2).withLimits(new OffloadLimits(8, 2, 1 << 20, 1, 0, 0)));
    List<ImmutableBlock> chain = registerChain(tiers.device, 0, 2);
    OffloadHandle handle = offload(offloader, chain, 0);
    offloader.close();
    assertThat(handle.await()).hasOnlyElementsOfType(OffloadResult.Failed.class);
    tasks.forEach(Runnable::run);
    assertThat(tiers.transport.batches).isEmpty();
    BlockPool.closeAll(chain);
    tiers.assertNothingInUse();
  }

  @Test
  void withoutDeadlinesNothingIsWaitedFor() {
    Offloader offloader = narrow();
    List<ImmutableBlock> chain = registerChain(tiers.device, 0, 3);
    tiers.transport.holds = true;
    tiers.deadlines.close();
    OffloadHandle handle = offload(offloader, chain, SECOND);
    assertThat(handle.doneCount()).isEqualTo(1);
    offloader.close();
    assertThat(handle.await().get(2)).isEqualTo(FULL);
    BlockPool.closeAll(chain);
  }

  @Test
  void aFlushWaitsUntilAnEdgeIsIdle() throws Exception {
    Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.THROUGH, 2));
    tiers.transport.holds = true;
    List<ImmutableBlock> chain = registerChain(tiers.device, 0, 3);
    offloader.registered(tiers.device, chain);
    assertThat(offloader.flush(0)).isFalse();
    Future<Boolean> tooShort =
        other.submit(() -> offloader.flush(tiers.device, tiers.host, SECOND));
    tiers.awaitAlarm();
    tiers.pass(Duration.ofSeconds(1));
    assertThat(tooShort.get(20, TimeUnit.SECONDS)).isFalse();
    Future<Boolean> flush = other.submit(() -> offloader.flush(SECOND));
    tiers.awaitAlarm();
    tiers.transport.releaseAll();
    assertThat(flush.get(20, TimeUnit.SECONDS)).isTrue();
    assertThat(statistics(offloader).copied()).isEqualTo(3);
    BlockPool.closeAll(chain);
  }

  @Test
  void anInterruptedAwaitGoesOnWaiting() throws Exception {
    Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.NONE, 2));
    tiers.transport.holds = true;
    List<ImmutableBlock> chain = registerChain(tiers.device, 0, 1);
    OffloadHandle handle = offload(offloader, chain, 0);
    CountDownLatch begun = new CountDownLatch(1);
    Future<Boolean> waiting =
        other.submit(
            () -> {
              Thread.currentThread().interrupt();
              begun.countDown();
              handle.await();
              return Thread.interrupted();
            });
    begun.await();
    tiers.transport.releaseAll();
    assertThat(waiting.get(20, TimeUnit.SECONDS)).isTrue();
    BlockPool.closeAll(chain);
  }
}
