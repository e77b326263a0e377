package io.kvbm.core.remote;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.CompleteBlock;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.remote.LentBlock;
import io.kvbm.api.remote.Loan;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferHandle;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.transfer.BlockChecksums;
import io.kvbm.core.transfer.BlockMove;
import io.kvbm.core.transfer.BlockPlace;
import io.kvbm.core.transfer.TransferEngine;
import io.kvbm.core.transfer.TransferOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of one loan on their way here. The loan and the targets are kept until nothing moves
 * any more, whoever still waits. For one fetch; its end may come on another thread.
 */
final class FetchBatch {

  /** What arrived: registered blocks, and the first failure. */
  record Arrived(List<ImmutableBlock> blocks, @Nullable KvbmException failure) {}

  private final Loan loan;
  private final List<LentBlock> lent;
  private final @Nullable BlockKey parent;
  private final List<MutableBlock> targets;
  private final FetchTarget target;
  private final List<TransferHandle> handles = new ArrayList<>();

  /**
   * @param lent a prefix of the loan, as long as there are targets
   * @param parent the block before the first
   */
  FetchBatch(
      Loan loan,
      List<LentBlock> lent,
      @Nullable BlockKey parent,
      List<MutableBlock> targets,
      FetchTarget target) {
    this.loan = loan;
    this.lent = lent;
    this.parent = parent;
    this.targets = targets;
    this.target = target;
  }

  /** {@return completes when nothing moves any more} */
  CompletableFuture<Arrived> start(
      TransferEngine engine, ImportedSet imported, TransferOptions options) {
    KvbmException[] refused = new KvbmException[1];
    try {
      int from = 0;
      while (from < lent.size()) {
        int to = from + 1;
        while (to < lent.size() && lent.get(to).blockSet() == lent.get(from).blockSet()) {
          to++;
        }
        List<BlockMove> moves = new ArrayList<>();
        for (int i = from; i < to; i++) {
          moves.add(BlockMove.of(lent.get(i).slot(), targets.get(i).blockId()));
        }
        Layout remote = imported.layout(lent.get(from).blockSet());
        handles.add(engine.submit(new BlockPlace.LaidOut(remote), target.place(), moves, options));
        from = to;
      }
    } catch (KvbmException e) {
      refused[0] = e;
    }
    CompletableFuture<?>[] all =
        handles.stream()
            .map(handle -> handle.outcomes().toCompletableFuture())
            .toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(all)
        .handle((_, error) -> error == null ? arrived(refused[0]) : leftBehind(error));
  }

  void cancel() {
    handles.forEach(TransferHandle::cancel);
  }

  /** The engine was closed over it, and bytes may still arrive: the targets stay taken. */
  private Arrived leftBehind(Throwable error) {
    loan.close();
    return new Arrived(List.of(), Waits.known(error, "a fetch"));
  }

  private Arrived arrived(@Nullable KvbmException refused) {
    KvbmException failure = refused;
    List<CompleteBlock> complete = new ArrayList<>();
    try {
      List<BlockOutcome> outcomes = new ArrayList<>();
      handles.forEach(handle -> outcomes.addAll(handle.await()));
      Layout layout = target.tier().pool().layout().orElseThrow();
      for (int i = 0; i < outcomes.size(); i++) {
        KvbmException cause = check(outcomes.get(i), lent.get(i), layout, targets.get(i));
        if (cause != null) {
          failure = cause;
          break;
        }
        target.tier().pool().noteChecksum(targets.get(i), lent.get(i).checksum());
        BlockKey before = i == 0 ? parent : lent.get(i - 1).key();
        complete.add(targets.get(i).complete(lent.get(i).key(), before));
      }
      List<ImmutableBlock> registered = complete.isEmpty() ? List.of() : target.register(complete);
      return new Arrived(registered, failure);
    } catch (RuntimeException e) {
      complete.forEach(CompleteBlock::close);
      return new Arrived(List.of(), Waits.known(e, "a fetch"));
    } finally {
      BlockPool.closeAll(targets); // those that were not registered
      loan.close();
    }
  }

  private static @Nullable KvbmException check(
      BlockOutcome outcome, LentBlock lent, Layout layout, MutableBlock to) {
    if (outcome instanceof BlockOutcome.Failed(KvbmException cause)) {
      return cause;
    }
    if (!outcome.isDone()) {
      return new TransientException(
          ErrorCode.CANCELLED, "block %s was not fetched: cancelled".formatted(lent.key()));
    }
    long sum = BlockChecksums.of(layout, to.blockId());
    return sum == lent.checksum()
        ? null
        : new CorruptionException(
            ErrorCode.CORRUPT,
            "block %s came from a peer with CRC32C %08x, not %08x; it counts as a miss"
                .formatted(lent.key(), sum, lent.checksum()));
  }
}
