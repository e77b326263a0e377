package io.kvbm.core.logical;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.remote.ShardMove;
import io.kvbm.api.remote.ShardOutcome;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.MoveHandle;
import io.kvbm.core.tier.MovedBlock;
import io.kvbm.core.tier.TestTiers;
import io.kvbm.core.tiering.TieringOptions;
import io.kvbm.core.transfer.TransferOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One worker fails: the block does, and nobody gets wrong bytes. */
@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WorkerFaultsTest {

  private static final TieringOptions MANUAL = TieringOptions.DEFAULT;

  private static TestCluster cluster(Duration patience) {
    return new TestCluster(4, 4, 4, MANUAL, patience);
  }

  private static MoveHandle begin(TestCluster cluster, ImmutableBlock... blocks) {
    return cluster.manager.offload(List.of(blocks), CacheLevel.DISK, TransferOptions.DEFAULT);
  }

  private static KvbmException failure(MovedBlock moved) {
    assertThat(moved.block()).isEmpty();
    assertThat(moved.outcome()).isInstanceOf(BlockOutcome.Failed.class);
    return ((BlockOutcome.Failed) moved.outcome()).cause();
  }

  /** Moves everything, and says afterwards that one shard failed. */
  private static CompletableFuture<ShardOutcome> failingFirst(ShardWorker worker, ShardMove move) {
    return worker
        .move(move)
        .thenApply(
            outcome -> {
              List<BlockOutcome> blocks = new ArrayList<>(outcome.blocks());
              blocks.set(
                  0,
                  new BlockOutcome.Failed(
                      new BackendException(ErrorCode.OPERATION_FAILED, "no space", null)));
              return new ShardOutcome(blocks);
            })
        .toCompletableFuture();
  }

  @Test
  void oneFailedShardFailsItsBlockAndNoOther() {
    try (TestCluster cluster = cluster(Duration.ofSeconds(20));
        ImmutableBlock a = cluster.register(1);
        ImmutableBlock b = cluster.register(2)) {
      TestCluster.Member broken = cluster.members.get(1);
      broken.script = move -> failingFirst(broken.worker, move);
      List<MovedBlock> moved = begin(cluster, a, b).await();
      assertThat(failure(moved.get(0)))
          .hasMessageContaining("rank-1")
          .hasMessageContaining("space");
      assertThat(cluster.pool(CacheLevel.DISK).contains(a.key())).isFalse();
      try (ImmutableBlock copy = moved.get(1).block().orElseThrow()) {
        cluster.verify(copy, CacheLevel.DISK);
      }
      assertThat(cluster.workers.isIntact()).isTrue();
      assertThat(cluster.pool(CacheLevel.DISK).status().active()).isZero();
    }
  }

  @Test
  void aWorkerThatIsGoneMakesEveryBlockAMissUntilItIsReset() {
    try (TestCluster cluster = cluster(Duration.ofSeconds(20))) {
      TestCluster.Member gone = cluster.members.get(2);
      gone.script =
          _ ->
              CompletableFuture.failedFuture(
                  new TransientException(ErrorCode.DISCONNECTED, "connection reset"));
      try (ImmutableBlock block = cluster.register(1)) {
        KvbmException cause = failure(begin(cluster, block).await().getFirst());
        assertThat(cause.code()).isEqualTo(ErrorCode.DISCONNECTED);
        assertThat(cause).hasMessageContaining("rank-2");
      }
      assertThat(cluster.workers.fenced()).containsOnlyKeys("rank-2");
      assertThat(cluster.pool(CacheLevel.DEVICE).find(TestCluster.key(1))).isEmpty();
      try (ImmutableBlock block = cluster.register(2)) {
        gone.script = gone.worker;
        assertThat(failure(begin(cluster, block).await().getFirst()))
            .as("fenced, though it is back")
            .hasMessageContaining("fenced");
      }
      cluster.manager.resetWorker("rank-2", gone.worker);
      assertThat(cluster.pool(CacheLevel.DEVICE).find(TestCluster.key(1))).isEmpty();
      assertThat(cluster.pool(CacheLevel.DEVICE).find(TestCluster.key(2))).isEmpty();
      try (ImmutableBlock block = cluster.register(3);
          ImmutableBlock copy = begin(cluster, block).await().getFirst().block().orElseThrow()) {
        cluster.verify(copy, CacheLevel.DISK);
      }
      cluster.assertNothingInUse();
    }
  }

  @Test
  void anAnswerForAnotherNumberOfBlocksFencesTheWorker() {
    try (TestCluster cluster = cluster(Duration.ofSeconds(20));
        ImmutableBlock block = cluster.register(1)) {
      cluster.members.get(0).script =
          _ ->
              CompletableFuture.completedFuture(
                  new ShardOutcome(List.of(new BlockOutcome.Done(8), new BlockOutcome.Done(8))));
      assertThat(failure(begin(cluster, block).await().getFirst()))
          .hasMessageContaining("rank-0 answered for 2 of 1 blocks");
      assertThat(cluster.workers.isIntact()).isFalse();
      assertThat(cluster.pool(CacheLevel.DISK).status().active()).isZero();
    }
  }

  @Test
  void slotsOfASilentWorkerStayTakenUntilItAnswers() {
    try (TestCluster cluster = cluster(Duration.ofMillis(500))) {
      CompletableFuture<ShardOutcome> late = new CompletableFuture<>();
      cluster.members.get(1).script = _ -> late;
      ImmutableBlock block = cluster.register(1);
      KvbmException cause = failure(begin(cluster, block).await().getFirst());
      block.close();
      assertThat(cause.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
      assertThat(cause).hasMessageContaining("rank-1 did not answer");
      assertThat(cluster.pool(CacheLevel.DISK).status().active()).isEqualTo(1);
      assertThat(cluster.pool(CacheLevel.DEVICE).availableBlocks()).isEqualTo(3);
      late.complete(new ShardOutcome(List.of(new BlockOutcome.Done(8))));
      assertThat(cluster.workers.isIntact()).as("late is not well").isFalse();
      TestTiers.await(() -> cluster.pool(CacheLevel.DEVICE).availableBlocks() == 4);
      cluster.assertNothingInUse();
    }
  }

  @Test
  void slotsOfAWorkerThatNeverAnswersAreFreeAfterItsReset() {
    try (TestCluster cluster = cluster(Duration.ofMillis(500))) {
      TestCluster.Member silent = cluster.members.get(1);
      silent.script = _ -> new CompletableFuture<>();
      try (ImmutableBlock block = cluster.register(1)) {
        failure(begin(cluster, block).await().getFirst());
      }
      assertThat(cluster.pool(CacheLevel.DISK).status().active()).isEqualTo(1);
      cluster.manager.resetWorker("rank-1", silent.worker);
      cluster.assertNothingInUse();
      assertThat(cluster.workers.isIntact()).isTrue();
    }
  }

  @Test
  void aCopyFromBeforeAResetIsNotRegistered() {
    try (TestCluster cluster = cluster(Duration.ofSeconds(20))) {
      TestCluster.Member slow = cluster.members.get(0);
      CompletableFuture<Void> gate = new CompletableFuture<>();
      slow.script = move -> slow.worker.move(move).thenCombine(gate, (outcome, _) -> outcome);
      ImmutableBlock block = cluster.register(1);
      MoveHandle move = begin(cluster, block);
      cluster.manager.resetWorker("rank-2", cluster.members.get(2).worker);
      gate.complete(null);
      assertThat(failure(move.await().getFirst())).hasMessageContaining("were reset");
      block.close();
      assertThat(cluster.pool(CacheLevel.DISK).find(TestCluster.key(1))).isEmpty();
      cluster.assertNothingInUse();
    }
  }

  @Test
  void aCancelledMoveEndsWhenEveryWorkerHasAnswered() {
    try (TestCluster cluster = cluster(Duration.ofSeconds(20))) {
      TestCluster.Member slow = cluster.members.get(0);
      CompletableFuture<Void> gate = new CompletableFuture<>();
      slow.script = move -> slow.worker.move(move).thenCombine(gate, (outcome, _) -> outcome);
      ImmutableBlock block = cluster.register(1);
      MoveHandle move = begin(cluster, block);
      move.cancel();
      assertThat(move.results().toCompletableFuture()).isNotDone();
      assertThat(cluster.pool(CacheLevel.DISK).status().active()).isEqualTo(1);
      gate.complete(null);
      move.await().getFirst().block().ifPresent(ImmutableBlock::close);
      block.close();
      cluster.assertNothingInUse();
    }
  }

  @Test
  void aPassedDeadlineAsksNoWorker() {
    try (TestCluster cluster = cluster(Duration.ofSeconds(20));
        ImmutableBlock block = cluster.register(1)) {
      TransferOptions late =
          TransferOptions.DEFAULT.withDeadlineNanos(cluster.platform.clock().nanoTime() - 1);
      KvbmException cause =
          failure(
              cluster.manager.offload(List.of(block), CacheLevel.DISK, late).await().getFirst());
      assertThat(cause.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
      assertThat(cluster.workers.isIntact()).isTrue();
    }
  }

  @Test
  void aLeaderClosesWhileAWorkerIsBusy() {
    CompletableFuture<ShardOutcome> never = new CompletableFuture<>();
    MoveHandle move;
    try (TestCluster cluster = cluster(Duration.ofMillis(50))) {
      cluster.members.get(0).script = _ -> never;
      ImmutableBlock block = cluster.register(1);
      move = begin(cluster, block);
      cluster.manager.close();
      assertThat(failure(move.await().getFirst()).code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    }
  }
}
