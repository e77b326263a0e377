package io.kvbm.core.logical;

import io.kvbm.api.BackendException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.remote.ShardMove;
import io.kvbm.api.remote.ShardOutcome;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferHandle;
import io.kvbm.core.transfer.BlockMove;
import io.kvbm.core.transfer.TransferEngine;
import io.kvbm.core.transfer.TransferOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** One move of a worker, from its queue to its answer. */
final class RunningMove {

  final ShardMove move;
  final ShardSet source;
  final ShardSet target;
  final long deadlineNanos;
  final CompletableFuture<ShardOutcome> answer = new CompletableFuture<>();
  private final boolean isVerified;
  private final long[] sums;

  RunningMove(
      ShardMove move, ShardSet source, ShardSet target, long deadlineNanos, boolean isVerified) {
    this.move = move;
    this.source = source;
    this.target = target;
    this.deadlineNanos = deadlineNanos;
    this.isVerified = isVerified;
    this.sums = new long[move.sourceSlots().length];
    Arrays.fill(sums, BlockWrite.NO_CHECKSUM);
  }

  /** Copies. {@return completes with the answer, once nothing is in flight; does not throw} */
  CompletableFuture<ShardOutcome> copy(TransferEngine engine) {
    TransferHandle handle;
    try {
      List<BlockMove> moves = new ArrayList<>(sums.length);
      for (int i = 0; i < sums.length; i++) {
        target.forget(move.targetSlots()[i]);
        if (isVerified) {
          sums[i] = source.leaving(move.sourceSlots()[i]);
        }
        moves.add(BlockMove.of(move.sourceSlots()[i], move.targetSlots()[i]));
      }
      TransferOptions options = TransferOptions.DEFAULT.withDeadlineNanos(deadlineNanos);
      handle = engine.submit(source.place, target.place, moves, options);
    } catch (RuntimeException e) {
      return CompletableFuture.completedFuture(failed(e));
    }
    return handle.outcomes().thenApply(this::verified).toCompletableFuture();
  }

  private ShardOutcome verified(List<BlockOutcome> outcomes) {
    if (!isVerified) {
      return new ShardOutcome(outcomes);
    }
    List<BlockOutcome> ends = new ArrayList<>(outcomes);
    for (int i = 0; i < ends.size(); i++) {
      if (ends.get(i).isDone()) {
        try {
          target.arrived(move.targetSlots()[i], sums[i]);
        } catch (CorruptionException e) {
          ends.set(i, new BlockOutcome.Failed(e));
        }
      }
    }
    return new ShardOutcome(ends);
  }

  /** {@return an answer that every block failed} */
  ShardOutcome failed(Throwable error) {
    KvbmException cause =
        error instanceof KvbmException known
            ? known
            : new BackendException(
                ErrorCode.OPERATION_FAILED,
                "a move from %s to %s failed: %s".formatted(source.name, target.name, error),
                error);
    return new ShardOutcome(Collections.nCopies(sums.length, new BlockOutcome.Failed(cause)));
  }
}
