package io.kvbm.core.logical;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.remote.ShardMove;
import io.kvbm.api.remote.ShardOutcome;
import io.kvbm.api.storage.Region;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.core.Platform;
import io.kvbm.core.tier.Verification;
import io.kvbm.testkit.BytePatterns;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A worker checks what it is asked for before it copies. */
class ShardWorkerTest {

  private final Platform platform = Platform.load();

  /** Runs when it is told to. */
  private final List<Runnable> held = new ArrayList<>();

  private final ShardWorker worker = worker(ForkJoinPool.commonPool()::execute);
  private final ShardWorker holding = worker(held::add);

  private ShardWorker worker(java.util.concurrent.Executor executor) {
    return ShardWorker.builder()
        .verification(Verification.ALL)
        .moves(1, 1)
        .set(
            "device",
            TestCluster.MODEL,
            TestCluster.system(platform, 4, LayoutType.LAYER_SEPARATE_OUTER_CONTIGUOUS))
        .set(
            "host", TestCluster.MODEL, TestCluster.system(platform, 4, LayoutType.FULLY_CONTIGUOUS))
        .build(platform.transfers(), platform.clock(), executor);
  }

  @AfterEach
  void close() {
    worker.close();
    holding.close();
    platform.close();
  }

  private static ShardMove move(int source, int[] from, int target, int[] to) {
    return new ShardMove(source, from, target, to, Duration.ofSeconds(20));
  }

  private static int[] slots(int... slots) {
    return slots;
  }

  private static void assertRefused(CompletionStage<ShardOutcome> answer, ErrorCode code) {
    assertThatThrownBy(() -> answer.toCompletableFuture().join())
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(KvbmException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  private static MemorySegment bytes(ShardWorker worker, int set, int slot) {
    return ((Region.HostRegion) worker.layout(set).region(slot, 0, 0)).segment();
  }

  @Test
  void setsAndSlotsThatAreNotThereAreRefused() {
    assertRefused(worker.move(move(0, slots(0), 2, slots(0))), ErrorCode.INVALID_ARGUMENT);
    assertRefused(worker.move(move(0, slots(4), 1, slots(0))), ErrorCode.INVALID_BLOCK_INDEX);
    assertRefused(worker.move(move(0, slots(0), 1, slots(4))), ErrorCode.INVALID_BLOCK_INDEX);
    assertThat(worker.pendingMoves()).isZero();
  }

  @Test
  void aSlotWrittenTwiceIsRefusedAndNothingStaysTaken() {
    assertRefused(worker.move(move(0, slots(0, 1), 1, slots(2, 2))), ErrorCode.INVALID_ARGUMENT);
    assertRefused(worker.move(move(0, slots(0), 0, slots(0))), ErrorCode.INVALID_ARGUMENT);
    assertThat(
            worker.move(move(0, slots(0, 1), 1, slots(2, 3))).toCompletableFuture().join().blocks())
        .allMatch(BlockOutcome::isDone);
  }

  @Test
  void slotsOfARunningMoveAreNotWrittenByAnother() {
    CompletionStage<ShardOutcome> first = holding.move(move(0, slots(0), 1, slots(0)));
    assertRefused(holding.move(move(0, slots(1), 1, slots(0))), ErrorCode.BLOCK_STATE_INVALID);
    assertRefused(holding.move(move(1, slots(1), 0, slots(0))), ErrorCode.BLOCK_STATE_INVALID);
    assertRefused(holding.move(move(1, slots(0), 0, slots(1))), ErrorCode.BLOCK_STATE_INVALID);
    held.removeFirst().run();
    assertThat(first.toCompletableFuture().join().blocks()).allMatch(BlockOutcome::isDone);
  }

  @Test
  void tooManyMovesAreRefusedAndThoseThatWaitRunLater() {
    CompletionStage<ShardOutcome> first = holding.move(move(0, slots(0), 1, slots(0)));
    CompletionStage<ShardOutcome> second = holding.move(move(0, slots(1), 1, slots(1)));
    assertRefused(holding.move(move(0, slots(2), 1, slots(2))), ErrorCode.QUEUE_FULL);
    while (!held.isEmpty()) {
      held.removeFirst().run();
      first.toCompletableFuture().join();
    }
    assertThat(second.toCompletableFuture().join().blocks()).allMatch(BlockOutcome::isDone);
    assertThat(holding.pendingMoves()).isZero();
  }

  @Test
  void aShardThatWasDamagedWhereItLayIsNotHandedOn() {
    BytePatterns.fill(bytes(worker, 0, 0), 5);
    worker.move(move(0, slots(0), 1, slots(1))).toCompletableFuture().join();
    MemorySegment kept = bytes(worker, 1, 1);
    kept.set(
        java.lang.foreign.ValueLayout.JAVA_BYTE,
        3,
        (byte) ~kept.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 3));
    BlockOutcome back =
        worker
            .move(move(1, slots(1), 0, slots(2)))
            .toCompletableFuture()
            .join()
            .blocks()
            .getFirst();
    assertThat(back)
        .isInstanceOfSatisfying(
            BlockOutcome.Failed.class,
            failed -> assertThat(failed.cause()).isInstanceOf(CorruptionException.class));
  }

  @Test
  void aClosedWorkerRefusesMovesAndFailsThoseThatWait() {
    holding.move(move(0, slots(0), 1, slots(0)));
    CompletionStage<ShardOutcome> waiting = holding.move(move(0, slots(1), 1, slots(1)));
    holding.close();
    assertRefused(waiting, ErrorCode.CLOSED);
    assertRefused(holding.move(move(0, slots(2), 1, slots(2))), ErrorCode.CLOSED);
    held.forEach(Runnable::run);
  }
}
