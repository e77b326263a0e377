package io.kvbm.core.offload;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.BlockMover;
import io.kvbm.core.tier.MoveHandle;
import io.kvbm.core.tier.MovedBlock;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.transfer.TransferOptions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Copies the batches of one edge. A batch starts on the executor and ends on the thread that ends
 * its movement. Whatever happens, each of its blocks gets a result and the batch leaves the queue.
 */
final class EdgeCopier {

  private static final System.Logger LOG = System.getLogger(EdgeCopier.class.getName());

  private final OffloadEdge edge;
  private final BlockMover mover;
  private final Executor executor;

  /** Makes room in the target tier; null where its pool just evicts. */
  private final @Nullable RoomMaker room;

  /** Gets the blocks that are new in the target tier; they stay in use meanwhile. */
  private final BiConsumer<Tier, List<ImmutableBlock>> arrivals;

  private final OffloadQueue queue;

  EdgeCopier(
      OffloadEdge edge,
      BlockMover mover,
      Executor executor,
      @Nullable RoomMaker room,
      BiConsumer<Tier, List<ImmutableBlock>> arrivals,
      OffloadQueue queue) {
    this.edge = edge;
    this.mover = mover;
    this.executor = executor;
    this.room = room;
    this.arrivals = arrivals;
    this.queue = queue;
  }

  /** Has a batch copied. Does not throw. */
  void start(OffloadBatch batch) {
    try {
      executor.execute(
          () -> {
            if (batch.tryBegin()) {
              copy(batch);
            }
          });
    } catch (RuntimeException | Error e) {
      if (batch.tryBegin()) {
        fail(batch, batch.entries(), e, "the executor refused a batch");
      } else {
        LOG.log(System.Logger.Level.WARNING, "an executor ran a task and threw", e);
      }
    }
  }

  private void copy(OffloadBatch batch) {
    List<QueueEntry> entries = batch.entries();
    List<QueueEntry> moving = new ArrayList<>(entries.size());
    List<ImmutableBlock> blocks = new ArrayList<>(entries.size());
    List<MutableBlock> targets = List.of();
    MoveHandle move;
    try {
      targets = makeRoom(entries);
      commit(entries, moving, blocks);
      if (blocks.isEmpty()) {
        BlockPool.closeAll(targets);
        queue.leave(batch);
        return;
      }
      move = move(blocks, targets, TransferOptions.DEFAULT.withPriority(batch.priority()));
    } catch (RuntimeException | Error e) {
      BlockPool.closeAll(blocks); // before anybody is told
      BlockPool.closeAll(targets);
      fail(batch, entries, e, "a batch could not be started");
      return;
    } finally {
      BlockPool.closeAll(blocks); // the movement has uses of its own
    }
    move.results().whenComplete((moved, error) -> finish(batch, moving, moved, error));
  }

  /**
   * What is in the way may take long to move down, so this comes before the sources are taken into
   * use: the upper tier can evict them meanwhile.
   */
  private List<MutableBlock> makeRoom(List<QueueEntry> entries) {
    if (room == null) {
      return List.of();
    }
    BlockPool below = edge.target().pool();
    long missing =
        queue.wanted(entries).stream().filter(entry -> !below.contains(entry.key)).count();
    return missing == 0 ? List.of() : room.allocateUpTo(edge.target(), (int) missing);
  }

  private MoveHandle move(
      List<ImmutableBlock> blocks, List<MutableBlock> targets, TransferOptions options) {
    return room == null
        ? mover.move(edge.source(), blocks, edge.target(), options)
        : mover.move(edge.source(), blocks, edge.target(), _ -> targets, options);
  }

  /** Takes the blocks into use that are still there and still wanted; the others end here. */
  private void commit(
      List<QueueEntry> entries, List<QueueEntry> moving, List<ImmutableBlock> blocks) {
    List<QueueEntry> wanted = queue.wanted(entries);
    List<@Nullable OffloadResult> results = new ArrayList<>(wanted.size());
    for (QueueEntry entry : wanted) {
      if (edge.target().pool().contains(entry.key)) {
        results.add(new OffloadResult.Present());
        continue;
      }
      Optional<ImmutableBlock> block = entry.weak.upgrade();
      if (block.isPresent()) {
        moving.add(entry);
        blocks.add(block.get());
        results.add(null);
      } else {
        results.add(new OffloadResult.Skipped(OffloadResult.Reason.GONE));
      }
    }
    queue.settle(wanted, results);
  }

  private void finish(
      OffloadBatch batch,
      List<QueueEntry> moving,
      @Nullable List<MovedBlock> moved,
      @Nullable Throwable error) {
    if (moved == null) {
      fail(batch, moving, error, "a movement failed");
      return;
    }
    List<OffloadResult> results = new ArrayList<>(moved.size());
    List<ImmutableBlock> copies = new ArrayList<>(moved.size());
    List<ImmutableBlock> fresh = new ArrayList<>(moved.size());
    for (MovedBlock block : moved) {
      OffloadResult result = result(block.outcome());
      results.add(result);
      block.block().ifPresent(copies::add);
      if (result instanceof OffloadResult.Copied) {
        block.block().ifPresent(fresh::add);
      }
    }
    try {
      arrivals.accept(edge.target(), fresh);
    } catch (RuntimeException | Error e) {
      LOG.log(System.Logger.Level.WARNING, "blocks were not offered to the tier below", e);
    }
    try {
      BlockPool.closeAll(copies);
    } finally {
      queue.settle(moving, results);
      queue.leave(batch);
    }
  }

  private static OffloadResult result(BlockOutcome outcome) {
    return switch (outcome) {
      case BlockOutcome.Done(long byteSize) ->
          byteSize == 0 ? new OffloadResult.Present() : new OffloadResult.Copied(byteSize);
      case BlockOutcome.Failed(CapacityException cause)
          when cause.code() == ErrorCode.NOT_ENOUGH_BLOCKS_AVAILABLE ->
          new OffloadResult.Skipped(OffloadResult.Reason.NO_ROOM);
      case BlockOutcome.Failed failed -> new OffloadResult.Failed(failed.cause());
      case BlockOutcome.Cancelled _ -> new OffloadResult.Cancelled();
    };
  }

  /** Those of the blocks that have a result already keep it. */
  private void fail(
      OffloadBatch batch, List<QueueEntry> entries, @Nullable Throwable error, String what) {
    OffloadResult failed =
        new OffloadResult.Failed(
            Causes.of(error == null ? new IllegalStateException(what) : error, edge, what));
    queue.settle(entries, Collections.nCopies(entries.size(), failed));
    queue.leave(batch);
  }
}
