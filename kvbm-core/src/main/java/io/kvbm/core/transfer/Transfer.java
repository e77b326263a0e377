package io.kvbm.core.transfer;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.storage.Lease;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferHandle;
import io.kvbm.core.time.Cancellable;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One submitted transfer: its moves, how they go, and what became of each. The leases end before
 * anybody learns the outcomes, so that a storage closed then is freed at once.
 */
final class Transfer implements TransferHandle {

  private static final System.Logger LOG = System.getLogger(Transfer.class.getName());
  private static final BlockOutcome CANCELLED = new BlockOutcome.Cancelled();

  private final List<BlockMove> moves;
  private final Plan plan;
  private final TransferOptions options;
  private final Lane lane;
  private final Executor executor;
  private final @Nullable BlockOutcome[] outcomes;
  private List<Lease> leases;
  private @Nullable Cancellable alarm;
  private @Nullable CompletableFuture<List<BlockOutcome>> future;
  private @Nullable List<BlockOutcome> result;
  private @Nullable ClosedException leftBehind;
  private boolean ending;
  private volatile int completed;
  private volatile @Nullable BlockOutcome stop;

  Transfer(
      List<BlockMove> moves,
      Plan plan,
      TransferOptions options,
      Lane lane,
      Executor executor,
      List<Lease> leases) {
    this.moves = moves;
    this.plan = plan;
    this.options = options;
    this.lane = lane;
    this.executor = executor;
    this.leases = leases;
    this.outcomes = new BlockOutcome[moves.size()];
  }

  List<BlockMove> moves() {
    return moves;
  }

  Plan plan() {
    return plan;
  }

  TransferOptions options() {
    return options;
  }

  /** {@return what blocks that were not started become, or null while they may start} */
  @Nullable BlockOutcome stopOutcome() {
    return stop;
  }

  /** {@return whether the deadline has passed} */
  boolean isOverdue(long nowNanos) {
    return options.deadlineNanos() != 0 && nowNanos - options.deadlineNanos() >= 0;
  }

  /** Takes over an alarm that ends with this transfer. */
  void setAlarm(Cancellable value) {
    synchronized (this) {
      if (!ending) {
        alarm = value;
        return;
      }
    }
    value.cancel();
  }

  /** Fails what was not started because the deadline passed. */
  void expire() {
    stop(
        new BlockOutcome.Failed(
            new TransientException(
                ErrorCode.DEADLINE_EXCEEDED,
                "the deadline of a transfer of %d blocks along %s passed before this one moved"
                    .formatted(moves.size(), lane.name()))));
  }

  /** Fails what was not started because the route does not move. */
  void refuse() {
    stop(
        new BlockOutcome.Failed(
            new TransientException(
                ErrorCode.STALLED,
                "%s is full of batches that stalled; a transfer of %d blocks was not started"
                    .formatted(lane.name(), moves.size()))));
  }

  private boolean stop(BlockOutcome outcome) {
    synchronized (this) {
      if (stop != null || completed == outcomes.length) {
        return false;
      }
      stop = outcome;
    }
    lane.withdraw(this);
    return true;
  }

  /** Says what became of some blocks. Each block comes once. */
  void commit(int from, BlockOutcome[] batch) {
    synchronized (this) {
      System.arraycopy(batch, 0, outcomes, from, batch.length);
      completed += batch.length;
      if (completed < outcomes.length || ending) {
        return;
      }
      ending = true;
    }
    end();
  }

  /**
   * The engine is closed and waits for this transfer no longer: whoever does is told. What it holds
   * stays taken until it drains, as its bytes may still arrive.
   */
  void leaveBehind() {
    CompletableFuture<List<BlockOutcome>> waiting;
    ClosedException closed =
        new ClosedException(
            ErrorCode.PROGRESS_ENGINE_SHUTDOWN,
            "the transfer engine was closed while %d blocks along %s had stalled; what they use stays taken"
                .formatted(moves.size(), lane.name()));
    synchronized (this) {
      if (result != null) {
        return;
      }
      leftBehind = closed;
      waiting = future;
      notifyAll();
    }
    if (waiting != null) {
      waiting.completeExceptionally(closed);
    }
  }

  /** Gives back what a transfer holds that was never queued and whose handle nobody has. */
  void abandon() {
    synchronized (this) {
      ending = true;
    }
    releaseAll();
  }

  private void releaseAll() {
    if (alarm != null) {
      alarm.cancel();
    }
    release(leases);
    leases = List.of();
  }

  private void end() {
    releaseAll();
    CompletableFuture<List<BlockOutcome>> waiting;
    List<BlockOutcome> all = List.of(outcomes);
    synchronized (this) {
      result = all;
      waiting = future;
      notifyAll();
    }
    if (waiting != null) {
      try {
        executor.execute(() -> waiting.complete(all));
      } catch (RejectedExecutionException _) {
        waiting.complete(all); // The executor ended before us: a continuation here beats one lost.
      }
    }
  }

  static void release(List<Lease> leases) {
    for (Lease lease : leases) {
      try {
        lease.close();
      } catch (RuntimeException e) {
        LOG.log(System.Logger.Level.WARNING, "a storage failed to free its bytes", e);
      }
    }
  }

  @Override
  public int blockCount() {
    return outcomes.length;
  }

  @Override
  public int completedCount() {
    return completed;
  }

  @Override
  public synchronized CompletionStage<List<BlockOutcome>> outcomes() {
    if (future == null) {
      future =
          result == null ? new CompletableFuture<>() : CompletableFuture.completedFuture(result);
      if (result == null && leftBehind != null) {
        future.completeExceptionally(leftBehind);
      }
    }
    return future.minimalCompletionStage();
  }

  @Override
  public boolean cancel() {
    return stop(CANCELLED);
  }

  @Override
  public synchronized List<BlockOutcome> await() {
    boolean interrupted = false;
    while (result == null && leftBehind == null) {
      try {
        wait();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (result == null) {
      throw Objects.requireNonNull(leftBehind);
    }
    return result;
  }
}
