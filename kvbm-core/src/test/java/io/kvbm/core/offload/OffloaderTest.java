package io.kvbm.core.offload;

import static io.kvbm.core.offload.OffloadTiers.BLOCK_BYTES;
import static io.kvbm.core.offload.OffloadTiers.SHAPE;
import static io.kvbm.core.offload.OffloadTiers.assertBalanced;
import static io.kvbm.core.offload.OffloadTiers.has;
import static io.kvbm.core.offload.OffloadTiers.key;
import static io.kvbm.core.offload.OffloadTiers.limits;
import static io.kvbm.core.offload.OffloadTiers.register;
import static io.kvbm.core.offload.OffloadTiers.registerChain;
import static io.kvbm.core.offload.OffloadTiers.registerWithPriority;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.PoolStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OffloaderTest {

  private static final OffloadResult COPIED = new OffloadResult.Copied(BLOCK_BYTES);
  private static final OffloadResult PRESENT = new OffloadResult.Present();
  private static final OffloadResult CANCELLED = new OffloadResult.Cancelled();

  private static OffloadResult skipped(OffloadResult.Reason reason) {
    return new OffloadResult.Skipped(reason);
  }

  /** Offloads from device to host and does not wait for room. */
  private static OffloadHandle offload(
      OffloadTiers tiers, Offloader offloader, ImmutableBlock... blocks) {
    return offloader.offload(tiers.device, tiers.host, List.of(blocks), OffloadOptions.DEFAULT);
  }

  private static OffloadStatistics statistics(OffloadTiers tiers, Offloader offloader) {
    OffloadStatistics statistics = offloader.statistics(tiers.device, tiers.host);
    assertBalanced(statistics);
    return statistics;
  }

  /** Occupies the one batch that may be in flight, so that what follows is queued. */
  private static OffloadHandle occupy(OffloadTiers tiers, Offloader offloader) {
    tiers.transport.holds = true;
    ImmutableBlock block = register(tiers.device, 1000);
    OffloadHandle handle = offload(tiers, offloader, block);
    block.close();
    assertThat(tiers.transport.heldCount()).isEqualTo(1);
    return handle;
  }

  /**
   * That a block is empty, partly filled or complete and not registered is excluded by its type:
   * those are no {@link ImmutableBlock}s, which is all that can be copied down.
   */
  @Test
  void case19_onlyOpenBlocksOfTheSourceTierAreTaken() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.THROUGH, 8));
      ImmutableBlock open = register(tiers.device, 1);
      ImmutableBlock closed = register(tiers.device, 2);
      closed.close();
      ImmutableBlock foreign = register(tiers.host, 3);
      refused(ErrorCode.BLOCK_STATE_INVALID, () -> offload(tiers, offloader, open, closed));
      refused(ErrorCode.INVALID_ARGUMENT, () -> offload(tiers, offloader, open, foreign));
      refused(
          ErrorCode.BLOCK_STATE_INVALID,
          () -> offloader.registered(tiers.device, List.of(open, closed)));
      refused(
          ErrorCode.NO_ROUTE,
          () -> offloader.offload(tiers.device, tiers.disk, List.of(open), OffloadOptions.DEFAULT));
      assertThat(statistics(tiers, offloader).submitted()).isZero();
      assertThat(has(tiers.host, 1)).isFalse();
      open.close();
      foreign.close();
    }
  }

  private static void refused(ErrorCode code, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(CallerException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @ParameterizedTest
  @ValueSource(strings = {"fully-contiguous", "paged", "layer-separate-block-contiguous"})
  void case20_aBlockArrivesUnderItsKeyWithItsBytes(String layout) {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4, SHAPE, new LayoutType(layout))) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.NONE, 8));
      ImmutableBlock parent = register(tiers.device, 41);
      ImmutableBlock block = register(tiers.device, 42, key(41));
      OffloadHandle handle = offload(tiers, offloader, parent, block);
      assertThat(handle.await()).containsExactly(COPIED, COPIED);
      assertThat(handle.results().toCompletableFuture().join()).containsExactly(COPIED, COPIED);
      assertThat(handle.blockCount()).isEqualTo(2);
      assertThat(handle.doneCount()).isEqualTo(2);
      ImmutableBlock copy = tiers.host.pool().find(key(42)).orElseThrow();
      OffloadTiers.verify(copy);
      assertThat(copy.parent()).contains(key(41));
      copy.close();
      assertThat(offload(tiers, offloader, block).await()).containsExactly(PRESENT);
      parent.close();
      block.close();
      tiers.assertNothingInUse();
      OffloadStatistics statistics = statistics(tiers, offloader);
      assertThat(statistics.copied()).isEqualTo(2);
      assertThat(statistics.copiedByteSize()).isEqualTo(2 * BLOCK_BYTES);
      assertThat(statistics.present()).isEqualTo(1);
    }
  }

  @Test
  void case21_aTierInBetweenMayBeLeftOut() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      Offloader offloader =
          tiers.offloader(OffloadEdge.of(tiers.device, tiers.disk, WritePolicy.THROUGH));
      ImmutableBlock block = register(tiers.device, 1);
      offloader.registered(tiers.device, List.of(block));
      block.close();
      assertThat(offloader.flush(tiers.device, tiers.disk, 0)).isTrue();
      assertThat(has(tiers.disk, 1)).isTrue();
      assertThat(has(tiers.host, 1)).isFalse();
    }
  }

  @Test
  void case22_aFullTargetSkipsBlocksUntilThereIsRoom() {
    try (OffloadTiers tiers = new OffloadTiers(4, 1, 4)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.NONE, 8));
      MutableBlock occupant = tiers.host.pool().allocateBlocks(1).getFirst();
      ImmutableBlock block = register(tiers.device, 1);
      assertThat(offload(tiers, offloader, block).await())
          .containsExactly(skipped(OffloadResult.Reason.NO_ROOM));
      assertThat(has(tiers.host, 1)).isFalse();
      occupant.close();
      assertThat(offload(tiers, offloader, block).await()).containsExactly(COPIED);
      assertThat(has(tiers.host, 1)).isTrue();
      block.close();
      assertThat(statistics(tiers, offloader).noRoom()).isEqualTo(1);
      assertThat(tiers.device.pool().status()).isEqualTo(new PoolStatus(0, 1, 3));
    }
  }

  @Test
  void aTargetOfUnusedBlocksEvictsThemByItsPolicy() {
    try (OffloadTiers tiers = new OffloadTiers(4, 1, 4)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.THROUGH, 8));
      register(tiers.host, 9).close();
      ImmutableBlock block = register(tiers.device, 1);
      offloader.registered(tiers.device, List.of(block));
      assertThat(has(tiers.host, 1)).isTrue();
      assertThat(has(tiers.host, 9)).isFalse();
      block.close();
    }
  }

  @Test
  void case24_eachBlockArrivesOnceWithItsOwnBytesAlsoBeyondTheBatchLimit() {
    try (OffloadTiers tiers = new OffloadTiers(40, 40, 40)) {
      Offloader offloader =
          tiers.offloader(
              tiers.edge(WritePolicy.THROUGH, 16),
              OffloadEdge.of(tiers.host, tiers.disk, WritePolicy.THROUGH));
      List<ImmutableBlock> chain = registerChain(tiers.device, 0, 33);
      List<OffloadResult> results =
          offloader.offload(tiers.device, tiers.host, chain, OffloadOptions.DEFAULT).await();
      assertThat(results).hasSize(33).containsOnly(COPIED);
      BlockPool.closeAll(chain);
      for (int n = 0; n < 33; n++) {
        assertThat(has(tiers.host, n)).isTrue();
        assertThat(has(tiers.disk, n)).isTrue();
      }
      assertThat(tiers.host.pool().status().inactive()).isEqualTo(33);
      assertThat(tiers.transport.batches).allMatch(slots -> slots.size() <= 32);
    }
  }

  @Test
  void case26_aBlockOf32MiBIsCopied() {
    LayoutConfig large = SHAPE.toBuilder().numLayers(64).innerDim(32768).build();
    try (OffloadTiers tiers = new OffloadTiers(1, 1, 1, large, LayoutType.FULLY_CONTIGUOUS)) {
      Offloader offloader =
          tiers.offloader(
              tiers
                  .edge(WritePolicy.THROUGH, 8)
                  .withLimits(new OffloadLimits(8, 8, 1 << 20, 1, 0, 1_000_000_000)));
      ImmutableBlock block = register(tiers.device, 1);
      assertThat(offload(tiers, offloader, block).await())
          .containsExactly(new OffloadResult.Copied(32 << 20));
      assertThat(has(tiers.host, 1)).isTrue();
      block.close();
    }
  }

  @Test
  void case31_higherPriorityFirstThenAge() {
    try (OffloadTiers tiers = new OffloadTiers(16, 16, 4)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.THROUGH, 1));
      occupy(tiers, offloader);
      List<ImmutableBlock> blocks = new ArrayList<>();
      int[] priorities = {1, 2, 0, 2, 0};
      for (int i = 0; i < priorities.length; i++) {
        blocks.add(registerWithPriority(tiers.device, i, priorities[i]));
        offloader.registered(tiers.device, List.of(blocks.getLast()));
      }
      ImmutableBlock urgent = register(tiers.device, 50);
      OffloadOptions options = OffloadOptions.DEFAULT.withPriority(7);
      offloader.offload(tiers.device, tiers.host, List.of(urgent), options);
      ImmutableBlock raised = blocks.get(4);
      offloader.offload(
          tiers.device, tiers.host, List.of(raised), OffloadOptions.DEFAULT.withPriority(1));
      tiers.transport.releaseAll();
      assertThat(tiers.transport.batches.subList(1, tiers.transport.batches.size()))
          .containsExactly(
              List.of(urgent.blockId()),
              List.of(blocks.get(1).blockId()),
              List.of(blocks.get(3).blockId()),
              List.of(blocks.get(0).blockId()),
              List.of(raised.blockId()),
              List.of(blocks.get(2).blockId()));
      BlockPool.closeAll(blocks);
      urgent.close();
      assertThat(statistics(tiers, offloader).joined()).isEqualTo(1);
    }
  }

  @Test
  void aQueuedBlockIsNotKeptAndLeftOutOnceItIsGone() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.THROUGH, 8));
      occupy(tiers, offloader);
      ImmutableBlock block = register(tiers.device, 1);
      OffloadHandle handle = offload(tiers, offloader, block);
      block.close();
      assertThat(tiers.device.pool().status()).isEqualTo(new PoolStatus(1, 1, 2));
      BlockPool.closeAll(tiers.device.pool().allocateBlocks(3));
      assertThat(has(tiers.device, 1)).isFalse();
      tiers.transport.releaseAll();
      assertThat(handle.await()).containsExactly(skipped(OffloadResult.Reason.GONE));
      assertThat(statistics(tiers, offloader).gone()).isEqualTo(1);
      assertThat(has(tiers.host, 1)).isFalse();
    }
  }

  @Test
  void aBlockThatCameBackIntoAnotherSlotIsFoundThere() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.THROUGH, 8));
      occupy(tiers, offloader);
      ImmutableBlock first = register(tiers.device, 1);
      OffloadHandle handle = offload(tiers, offloader, first);
      first.close();
      List<MutableBlock> all = tiers.device.pool().allocateBlocks(3);
      BlockPool.closeAll(all);
      ImmutableBlock again = register(tiers.device, 1);
      offloader.registered(tiers.device, List.of(again));
      tiers.transport.releaseAll();
      assertThat(handle.await()).containsExactly(COPIED);
      again.close();
    }
  }

  @Test
  void aBlockThatArrivedMeanwhileIsNotCopiedAgain() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.THROUGH, 8));
      occupy(tiers, offloader);
      ImmutableBlock block = register(tiers.device, 1);
      OffloadHandle handle = offload(tiers, offloader, block);
      register(tiers.host, 1).close();
      tiers.transport.releaseAll();
      assertThat(handle.await()).containsExactly(PRESENT);
      assertThat(tiers.transport.batches).hasSize(1);
      block.close();
    }
  }

  @Test
  void case58_oneKeyIsQueuedAndCopiedOnceForAllWhoWantIt() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.THROUGH, 8));
      occupy(tiers, offloader);
      ImmutableBlock block = register(tiers.device, 1);
      offloader.registered(tiers.device, List.of(block));
      OffloadHandle one = offload(tiers, offloader, block, block);
      assertThat(statistics(tiers, offloader).queued()).isEqualTo(1);
      tiers.transport.releaseNext();
      OffloadHandle two = offload(tiers, offloader, block); // in flight now
      assertThat(statistics(tiers, offloader).inFlight()).isEqualTo(1);
      assertThat(statistics(tiers, offloader).bytesInFlight()).isEqualTo(BLOCK_BYTES);
      assertThat(two.doneCount()).isZero();
      tiers.transport.releaseAll();
      assertThat(one.await()).containsExactly(COPIED, COPIED);
      assertThat(two.await()).containsExactly(COPIED);
      assertThat(tiers.transport.batches).hasSize(2);
      OffloadStatistics statistics = statistics(tiers, offloader);
      assertThat(statistics.submitted()).isEqualTo(5);
      assertThat(statistics.joined()).isEqualTo(3);
      assertThat(statistics.copied()).isEqualTo(2);
      block.close();
    }
  }

  @Test
  void case57_aPartialFailureListsExactlyTheFailedBlocks() {
    LayoutType layout = new LayoutType("layer-separate-block-contiguous");
    try (OffloadTiers tiers = new OffloadTiers(8, 8, 4, SHAPE, layout)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.THROUGH, 8));
      List<ImmutableBlock> blocks = registerChain(tiers.device, 0, 6);
      tiers.transport.failingSlots.add(blocks.get(1).blockId());
      tiers.transport.failingSlots.add(blocks.get(4).blockId());
      List<OffloadResult> results =
          offloader.offload(tiers.device, tiers.host, blocks, OffloadOptions.DEFAULT).await();
      for (int i = 0; i < results.size(); i++) {
        if (i == 1 || i == 4) {
          assertFailed(results.get(i), "injected");
          assertThat(has(tiers.host, i)).isFalse();
        } else {
          assertThat(results.get(i)).isEqualTo(COPIED);
          assertThat(has(tiers.host, i)).isTrue();
        }
      }
      tiers.transport.failingSlots.clear();
      assertThat(offload(tiers, offloader, blocks.get(1)).await()).containsExactly(COPIED);
      assertThat(statistics(tiers, offloader).failed()).isEqualTo(2);
      BlockPool.closeAll(blocks);
      tiers.assertNothingInUse();
    }
  }

  private static void assertFailed(OffloadResult result, String message) {
    assertThat(result)
        .isInstanceOfSatisfying(
            OffloadResult.Failed.class,
            failed -> assertThat(failed.cause()).hasMessageContaining(message));
  }

  @Test
  void aTransportThatThrowsFailsItsBlocksAndNothingElse() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.THROUGH, 8));
      ImmutableBlock block = register(tiers.device, 1);
      tiers.transport.throwing = true;
      assertThat(offload(tiers, offloader, block).await().getFirst())
          .isInstanceOf(OffloadResult.Failed.class);
      tiers.transport.throwing = false;
      assertThat(offload(tiers, offloader, block).await()).containsExactly(COPIED);
      block.close();
      tiers.assertNothingInUse();
    }
  }

  /** Regression: who was told of the failure found the blocks still in use. */
  @Test
  void blocksOfABatchThatCannotStartAreFreeWhenItsFailureIsTold() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      RoomMaker broken =
          (target, count) -> {
            throw new IllegalStateException("no room for " + count + " in " + target.name());
          };
      AtomicReference<@Nullable Runnable> start = new AtomicReference<>();
      Executor executor =
          task -> {
            if (!start.compareAndSet(null, task)) {
              task.run(); // continuations, at once
            }
          };
      Offloader offloader = tiers.offloader(executor, broken, tiers.edge(WritePolicy.NONE, 8));
      ImmutableBlock block = register(tiers.device, 1);
      OffloadHandle handle = offload(tiers, offloader, block);
      block.close();
      List<Long> inUse = new ArrayList<>();
      handle.results().thenRun(() -> inUse.add(tiers.device.pool().status().active()));
      Objects.requireNonNull(start.get()).run();
      assertFailed(handle.await().getFirst(), "no room for 1 in host");
      assertThat(inUse).containsExactly(0L);
    }
  }

  @Test
  void aClosedTransferEngineFailsTheBlocks() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.THROUGH, 8));
      ImmutableBlock block = register(tiers.device, 1);
      tiers.engine.close();
      assertFailed(offload(tiers, offloader, block).await().getFirst(), "closed");
      block.close();
      tiers.assertNothingInUse();
      assertThat(statistics(tiers, offloader).failed()).isEqualTo(1);
    }
  }

  @Test
  void anExecutorThatRefusesFailsTheBlocks() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      IllegalStateException refusal = new IllegalStateException("no more tasks");
      Offloader offloader =
          tiers.offloader(
              task -> {
                throw refusal;
              },
              tiers.edge(WritePolicy.THROUGH, 1));
      List<ImmutableBlock> blocks = registerChain(tiers.device, 0, 3);
      OffloadHandle handle =
          offloader.offload(tiers.device, tiers.host, blocks, OffloadOptions.DEFAULT);
      assertThat(handle.await())
          .allSatisfy(
              result ->
                  assertThat(result)
                      .isInstanceOfSatisfying(
                          OffloadResult.Failed.class,
                          failed ->
                              assertThat(failed.cause())
                                  .isInstanceOf(BackendException.class)
                                  .hasCause(refusal)));
      assertThat(handle.results().toCompletableFuture()).isCompleted();
      assertThat(statistics(tiers, offloader).failed()).isEqualTo(3);
      BlockPool.closeAll(blocks);
    }
  }

  @Test
  void anExecutorThatRunsATaskAndThrowsDoesNoHarm() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      Offloader offloader =
          tiers.offloader(
              task -> {
                task.run();
                throw new IllegalStateException("afterwards");
              },
              tiers.edge(WritePolicy.THROUGH, 8));
      ImmutableBlock block = register(tiers.device, 1);
      assertThat(offload(tiers, offloader, block).await()).containsExactly(COPIED);
      assertThat(offloader.flush(0)).isTrue();
      block.close();
    }
  }

  @Test
  void continuationsRunOnTheExecutor() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      List<Runnable> tasks = new ArrayList<>();
      Offloader offloader = tiers.offloader(tasks::add, tiers.edge(WritePolicy.THROUGH, 8));
      ImmutableBlock block = register(tiers.device, 1);
      OffloadHandle handle = offload(tiers, offloader, block);
      List<OffloadResult> seen = new ArrayList<>();
      handle.results().thenAccept(seen::addAll);
      assertThat(tasks).hasSize(1);
      tasks.removeFirst().run();
      assertThat(handle.await()).containsExactly(COPIED);
      assertThat(seen).isEmpty();
      tasks.removeFirst().run();
      assertThat(seen).containsExactly(COPIED);
      block.close();
    }
  }

  @Test
  void blocksThatFollowEachOtherAreCopiedAsOneRun() {
    try (OffloadTiers tiers = new OffloadTiers(16, 16, 4)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.THROUGH, 8));
      occupy(tiers, offloader);
      List<ImmutableBlock> chain = registerChain(tiers.device, 0, 8);
      for (int i : new int[] {5, 0, 7, 2, 1, 6, 3, 4}) {
        offloader.registered(tiers.device, List.of(chain.get(i)));
      }
      tiers.transport.releaseAll();
      assertThat(tiers.transport.batches).hasSize(2);
      assertThat(tiers.transport.copyCounts.getLast()).isEqualTo(1);
      BlockPool.closeAll(chain);
    }
  }

  @Test
  void noMoreThanTheLimitsIsInFlight() {
    try (OffloadTiers tiers = new OffloadTiers(16, 16, 4)) {
      OffloadLimits limits = new OffloadLimits(64, 2, 5 * BLOCK_BYTES, 3, 0, 0);
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.THROUGH, 2).withLimits(limits));
      tiers.transport.holds = true;
      List<ImmutableBlock> chain = registerChain(tiers.device, 0, 10);
      offloader.registered(tiers.device, chain);
      assertThat(tiers.transport.heldCount()).isEqualTo(2); // a third batch is too many bytes
      assertThat(statistics(tiers, offloader).bytesInFlight()).isEqualTo(4 * BLOCK_BYTES);
      assertThat(statistics(tiers, offloader).queued()).isEqualTo(6);
      tiers.transport.releaseNext();
      assertThat(tiers.transport.heldCount()).isEqualTo(2); // the end of one started the next
      tiers.transport.releaseAll();
      assertThat(statistics(tiers, offloader).copied()).isEqualTo(10);
      BlockPool.closeAll(chain);
    }
  }

  @Test
  void whatIsRegisteredGoesDownTierByTier() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      Offloader offloader =
          tiers.offloader(
              OffloadEdge.of(tiers.host, tiers.disk, WritePolicy.THROUGH),
              OffloadEdge.of(tiers.device, tiers.host, WritePolicy.THROUGH));
      ImmutableBlock block = register(tiers.device, 1);
      offloader.registered(tiers.device, List.of(block));
      block.close();
      assertThat(offloader.flush(0)).isTrue();
      assertThat(has(tiers.host, 1)).isTrue();
      assertThat(has(tiers.disk, 1)).isTrue();
      assertThat(offloader.statistics().keySet()).containsExactly("device->host", "host->disk");
      assertThat(offloader.statistics(tiers.host, tiers.disk).copied()).isEqualTo(1);
      tiers.assertNothingInUse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"back", "none"})
  void otherPoliciesCopyOnlyWhatIsAskedFor(String policy) {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.parse(policy), 8));
      ImmutableBlock block = register(tiers.device, 1);
      offloader.registered(tiers.device, List.of(block));
      offloader.matched(tiers.device, List.of(block));
      assertThat(statistics(tiers, offloader).submitted()).isZero();
      assertThat(offload(tiers, offloader, block).await()).containsExactly(COPIED);
      block.close();
    }
  }

  @Test
  void aSelectiveEdgeCopiesAtTheKthSighting() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.SELECTIVE, 8).withSightings(3));
      ImmutableBlock block = register(tiers.device, 1);
      offloader.registered(tiers.device, List.of(block));
      offloader.matched(tiers.device, List.of(block));
      assertThat(has(tiers.host, 1)).isFalse();
      assertThat(statistics(tiers, offloader).notAdmitted()).isEqualTo(2);
      offloader.matched(tiers.device, List.of(block));
      assertThat(has(tiers.host, 1)).isTrue();
      block.close();
    }
  }

  @Test
  void matchesConcernSelectiveEdgesOnly() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.THROUGH, 8));
      ImmutableBlock block = register(tiers.device, 1);
      offloader.matched(tiers.device, List.of(block));
      assertThat(statistics(tiers, offloader).submitted()).isZero();
      block.close();
    }
  }

  @Test
  void theAdmissionPolicyDecidesAlsoWhereBlocksAreAskedFor() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      Offloader offloader =
          tiers.offloader(
              tiers
                  .edge(WritePolicy.THROUGH, 8)
                  .withAdmission((key, byteSize, priority) -> key.equals(key(1))));
      ImmutableBlock one = register(tiers.device, 1);
      ImmutableBlock two = register(tiers.device, 2);
      assertThat(offload(tiers, offloader, one, two).await())
          .containsExactly(COPIED, skipped(OffloadResult.Reason.NOT_ADMITTED));
      offloader.registered(tiers.device, List.of(two));
      assertThat(statistics(tiers, offloader).notAdmitted()).isEqualTo(2);
      one.close();
      two.close();
    }
  }

  @Test
  void anAdmissionPolicyThatThrowsFailsTheBlock() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      Offloader offloader =
          tiers.offloader(
              tiers
                  .edge(WritePolicy.THROUGH, 8)
                  .withAdmission(
                      (key, byteSize, priority) -> {
                        throw new IllegalStateException("policy broken");
                      }));
      ImmutableBlock block = register(tiers.device, 1);
      assertFailed(offload(tiers, offloader, block).await().getFirst(), "policy broken");
      offloader.registered(tiers.device, List.of(block));
      assertThat(statistics(tiers, offloader).failed()).isEqualTo(2);
      block.close();
    }
  }

  @Test
  void theOldestQueuedBlockTellsItsAge() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.THROUGH, 8));
      occupy(tiers, offloader);
      ImmutableBlock block = register(tiers.device, 1);
      offload(tiers, offloader, block);
      tiers.pass(Duration.ofMillis(5));
      assertThat(statistics(tiers, offloader).oldestQueuedNanos()).isEqualTo(5_000_000);
      block.close();
    }
  }

  @Test
  void edgesGoDownAndComeOnce() {
    try (OffloadTiers tiers = new OffloadTiers(1, 1, 1)) {
      assertThatThrownBy(() -> OffloadEdge.of(tiers.host, tiers.device, WritePolicy.NONE))
          .isInstanceOf(ConfigurationException.class);
      OffloadEdge edge = tiers.edge(WritePolicy.NONE, 1);
      assertThatThrownBy(() -> edge.withSightings(0)).isInstanceOf(ConfigurationException.class);
      assertThatThrownBy(() -> edge.withSightings(16)).isInstanceOf(ConfigurationException.class);
      assertThatThrownBy(() -> tiers.offloader(edge, edge))
          .isInstanceOf(ConfigurationException.class);
      assertThatThrownBy(() -> limits(0, 1, 1)).isInstanceOf(ConfigurationException.class);
      assertThatThrownBy(() -> OffloadOptions.DEFAULT.withWaitNanos(-1))
          .isInstanceOf(CallerException.class);
      assertThat(tiers.offloader(edge).edges()).containsExactly(edge);
    }
  }

  @Test
  void writePoliciesHaveNames() {
    for (WritePolicy policy : WritePolicy.values()) {
      assertThat(WritePolicy.parse(policy.text())).isEqualTo(policy);
    }
    assertThat(WritePolicy.parse("through")).isEqualTo(WritePolicy.THROUGH);
    assertThatThrownBy(() -> WritePolicy.parse("Through"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("[through, back, selective, none]");
  }

  @Test
  void aCallWithoutBlocksHasItsResultsAtOnce() {
    try (OffloadTiers tiers = new OffloadTiers(1, 1, 1)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.NONE, 1));
      OffloadHandle handle = offload(tiers, offloader);
      assertThat(handle.await()).isEmpty();
      assertThat(handle.cancel()).isFalse();
    }
  }

  @Test
  void aClosedOffloaderTakesNothing() {
    try (OffloadTiers tiers = new OffloadTiers(4, 4, 4)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.THROUGH, 8));
      ImmutableBlock block = register(tiers.device, 1);
      offloader.close();
      offloader.close();
      offloader.registered(tiers.device, List.of(block));
      assertThat(statistics(tiers, offloader).submitted()).isZero();
      assertThatThrownBy(() -> offload(tiers, offloader, block))
          .isInstanceOf(ClosedException.class)
          .isInstanceOf(KvbmException.class);
      block.close();
    }
  }

  @Test
  void aCancelledCallLeavesWhatOthersWant() {
    try (OffloadTiers tiers = new OffloadTiers(8, 8, 4)) {
      Offloader offloader = tiers.offloader(tiers.edge(WritePolicy.THROUGH, 8));
      occupy(tiers, offloader);
      ImmutableBlock own = register(tiers.device, 1);
      ImmutableBlock shared = register(tiers.device, 2);
      ImmutableBlock background = register(tiers.device, 3);
      OffloadHandle one = offload(tiers, offloader, own, shared, background);
      OffloadHandle two = offload(tiers, offloader, shared);
      offloader.registered(tiers.device, List.of(background));
      assertThat(one.cancel()).isTrue();
      assertThat(one.await()).containsExactly(CANCELLED, CANCELLED, CANCELLED);
      assertThat(one.cancel()).isFalse();
      assertThat(statistics(tiers, offloader).queued()).isEqualTo(2);
      tiers.transport.releaseAll();
      assertThat(two.await()).containsExactly(COPIED);
      assertThat(has(tiers.host, 1)).isFalse();
      assertThat(has(tiers.host, 2)).isTrue();
      assertThat(has(tiers.host, 3)).isTrue();
      assertThat(statistics(tiers, offloader).cancelled()).isEqualTo(1);
      own.close();
      shared.close();
      background.close();
    }
  }
}
