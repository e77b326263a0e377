package io.kvbm.core.tier;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.ErrorKind;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.Block;
import io.kvbm.api.block.CompleteBlock;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferHandle;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.transfer.BlockMove;
import io.kvbm.core.transfer.BlockPlace;
import io.kvbm.core.transfer.LayerRange;
import io.kvbm.core.transfer.TransferEngine;
import io.kvbm.core.transfer.TransferOptions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Copies registered blocks from one tier to another and registers the copies there under the same
 * keys, with the same metadata. The sources stay where they are; each is kept in use until its copy
 * is made.
 *
 * <p>A movement down starts with the highest of the priority asked for and the offload priorities
 * of its blocks, one up with that asked for.
 *
 * <p>Threading: safe from any thread.
 */
public final class BlockMover {

  private static final CompletableFuture<Void> SETTLED = CompletableFuture.completedFuture(null);

  private final TransferEngine engine;
  private final Clock clock;
  private final Verification verification;
  private final MetricsSink metrics;
  private final Map<String, RouteMeter> meters = new ConcurrentHashMap<>();

  /**
   * Creates a mover that checks what goes into and comes out of stores, and reports nowhere.
   *
   * @param engine moves the bytes; it stays the caller's
   * @param clock measures how long that takes
   */
  public BlockMover(TransferEngine engine, Clock clock) {
    this(engine, clock, Verification.STORES, MetricsSink.NULL);
  }

  /**
   * Creates a mover.
   *
   * @param engine moves the bytes; it stays the caller's
   * @param clock measures how long that takes
   * @param verification which movements are checked end to end
   * @param metrics where damaged blocks are reported
   */
  public BlockMover(
      TransferEngine engine, Clock clock, Verification verification, MetricsSink metrics) {
    this.engine = engine;
    this.clock = clock;
    this.verification = Objects.requireNonNull(verification, "verification");
    this.metrics = metrics;
  }

  /** {@return what was moved, by route, in the order of their names} */
  public List<RouteUse> routes() {
    long now = clock.nanoTime();
    return meters.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(entry -> entry.getValue().use(now))
        .toList();
  }

  private RouteMeter meter(Tier source, Tier target) {
    String route = source.name() + "->" + target.name();
    RouteMeter meter = meters.get(route);
    return meter != null
        ? meter
        : meters.computeIfAbsent(route, name -> new RouteMeter(name, metrics));
  }

  /**
   * Moves blocks into whatever room the target tier can make; blocks for which there is none fail
   * with {@link CapacityException}, the others move.
   *
   * @param source the tier of the blocks
   * @param blocks registered blocks of that tier; they stay the caller's
   * @param target another tier
   * @param options priority and deadline
   * @return the movement
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if a block is not of the source
   *     tier; nothing was changed
   */
  public MoveHandle move(
      Tier source, List<ImmutableBlock> blocks, Tier target, TransferOptions options) {
    return move(source, blocks, target, missing -> allocateUpTo(target.pool(), missing), options);
  }

  /**
   * Moves blocks into whatever room the caller makes; blocks for which there is none fail with
   * {@link CapacityException}, the others move.
   *
   * @param source the tier of the blocks
   * @param blocks registered blocks of that tier; they stay the caller's
   * @param target another tier
   * @param room gives blocks of the target tier, asked once, in this thread, for as many as are not
   *     there yet; may give fewer or more. They are consumed, those not needed are returned
   * @param options priority and deadline
   * @return the movement
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if a block is not of the source
   *     tier; nothing was changed
   */
  public MoveHandle move(
      Tier source,
      List<ImmutableBlock> blocks,
      Tier target,
      IntFunction<List<MutableBlock>> room,
      TransferOptions options) {
    requirePair(source, target);
    return new Request(source, target, blocks).start(room, options);
  }

  /**
   * Moves blocks into slots the caller has allocated.
   *
   * @param source the tier of the blocks
   * @param blocks registered blocks of that tier; they stay the caller's
   * @param target another tier
   * @param targets as many blocks of the target tier; consumed, those not needed are returned to
   *     their pool
   * @param options priority and deadline
   * @return the movement
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the numbers differ or a
   *     block is not of the source tier, with {@link ErrorCode#INVALID_MUTABLE_BLOCK} if a target
   *     is closed, given twice or not of the target tier; nothing was changed
   */
  public MoveHandle move(
      Tier source,
      List<ImmutableBlock> blocks,
      Tier target,
      List<MutableBlock> targets,
      TransferOptions options) {
    requirePair(source, target);
    if (blocks.size() != targets.size()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "%d blocks to move into %d; give one target for each"
              .formatted(blocks.size(), targets.size()));
    }
    Request request = new Request(source, target, blocks);
    List<MutableBlock> own = target.pool().takeOver(targets);
    try {
      return request.start(_ -> own, options);
    } catch (RuntimeException e) {
      BlockPool.closeAll(own);
      throw e;
    }
  }

  private static void requirePair(Tier source, Tier target) {
    if (source.level() == target.level()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "blocks are in the " + source.name() + " tier already");
    }
    source.place();
    target.place();
  }

  /** As many blocks as the pool can give, at most {@code count}. */
  private static List<MutableBlock> allocateUpTo(BlockPool pool, int count) {
    int wanted = count;
    while (wanted > 0) {
      try {
        return pool.allocateBlocks(wanted);
      } catch (CapacityException e) {
        wanted = (int) Math.min(wanted - 1, e.available());
      }
    }
    return List.of();
  }

  /** One call: which blocks need a copy, into what, and what comes of it. */
  private final class Request implements MoveHandle {
    private final Tier source;
    private final Tier target;
    private final RouteMeter meter;
    private final ChecksumRules checksums;
    private final List<ImmutableBlock> blocks;
    private final @Nullable MovedBlock[] results;
    private final List<Integer> pending = new ArrayList<>();
    private final List<MutableBlock> targets = new ArrayList<>();

    /** A use of each pending block, so that the caller may close its own. */
    private final List<ImmutableBlock> held = new ArrayList<>();

    private final CompletableFuture<List<MovedBlock>> done = new CompletableFuture<>();
    private final AtomicBoolean finishing = new AtomicBoolean();
    private volatile @Nullable TransferHandle transfer;

    /** Where the blocks are in shards: how often workers had been reset at the start. */
    private final long resets;

    Request(Tier source, Tier target, List<ImmutableBlock> blocks) {
      this.source = source;
      this.target = target;
      this.meter = meter(source, target);
      this.checksums = new ChecksumRules(source, target, verification);
      this.blocks = List.copyOf(blocks);
      this.results = new MovedBlock[blocks.size()];
      BlockPlace.Sharded shards = source.shards();
      this.resets = shards == null ? 0 : shards.workers().resets();
      if (!source.pool().owns(blocks)) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT,
            "the blocks to move are not all of the " + source.name() + " tier");
      }
      for (ImmutableBlock block : this.blocks) {
        block.key(); // a closed handle fails here, before anything is taken
      }
    }

    private void reuseWhatIsThere() {
      for (int i = 0; i < results.length; i++) {
        Optional<ImmutableBlock> present = target.pool().find(blocks.get(i).key());
        if (present.isPresent()) {
          results[i] = new MovedBlock(new BlockOutcome.Done(0), present);
        } else {
          pending.add(i);
        }
      }
    }

    /** Gives each pending block a target; returns targets left over, fails blocks left over. */
    private void takeTargets(List<MutableBlock> available) {
      int taken = Math.min(available.size(), pending.size());
      targets.addAll(available.subList(0, taken));
      BlockPool.closeAll(available.subList(taken, available.size()));
      while (pending.size() > taken) {
        int index = pending.removeLast();
        results[index] =
            new MovedBlock(
                new BlockOutcome.Failed(
                    new CapacityException(
                        ErrorCode.NOT_ENOUGH_BLOCKS_AVAILABLE,
                        "the %s tier has no block available for block %s; skipped"
                            .formatted(target.name(), blocks.get(index).key()),
                        1,
                        0)),
                Optional.empty());
      }
    }

    MoveHandle start(IntFunction<List<MutableBlock>> room, TransferOptions options) {
      LayerRange layers = options.layers();
      if (layers.first() > 0 || layers.end() < source.pool().shape().numLayers()) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT,
            "a block is moved and registered whole, not %s of it; use the transfer engine for layers"
                .formatted(layers));
      }
      try {
        reuseWhatIsThere();
        takeTargets(room.apply(pending.size()));
        submit(options);
        return this;
      } catch (RuntimeException e) {
        BlockPool.closeAll(held);
        BlockPool.closeAll(targets);
        closeReused();
        throw e;
      }
    }

    private void submit(TransferOptions options) {
      if (pending.isEmpty()) {
        finish(List.of());
        return;
      }
      List<BlockMove> moves = new ArrayList<>();
      long priority = options.priority();
      boolean isDownwards = source.level().compareTo(target.level()) < 0;
      for (int i = 0; i < pending.size(); i++) {
        ImmutableBlock block = blocks.get(pending.get(i)).share();
        held.add(block);
        moves.add(moveOf(block, targets.get(i)));
        if (isDownwards) {
          priority = Math.max(priority, block.metadata().offloadPriority().orElse(priority));
        }
      }
      meter.begin(clock.nanoTime());
      TransferHandle handle;
      try {
        handle =
            engine.submit(source.place(), target.place(), moves, options.withPriority(priority));
      } catch (RuntimeException e) {
        meter.end(clock.nanoTime(), Collections.nCopies(moves.size(), failed(e)));
        throw e;
      }
      transfer = handle;
      if (handle.completedCount() == moves.size()) {
        finishOnce(handle.await()); // short copies are done by now: no thread need be woken
        return;
      }
      handle
          .outcomes()
          .whenComplete(
              (outcomes, error) -> {
                if (error == null) {
                  finishOnce(outcomes);
                } else {
                  leaveBehindOnce(error);
                }
              });
    }

    private BlockMove moveOf(ImmutableBlock block, MutableBlock to) {
      return new BlockMove(
          block.blockId(),
          to.blockId(),
          block.key(),
          block.parent().orElse(null),
          source.pool().generation(block),
          target.pool().generation(to),
          block.metadata().priority(),
          checksums.ofSource(block));
    }

    private void finishOnce(List<BlockOutcome> outcomes) {
      if (finishing.compareAndSet(false, true)) {
        finish(outcomes);
      }
    }

    /**
     * Nobody waits for the transfer any more, and its bytes may still arrive: its blocks stay taken
     * at both ends.
     */
    private void leaveBehindOnce(Throwable error) {
      if (!finishing.compareAndSet(false, true)) {
        return;
      }
      BlockOutcome failed = failed(error);
      meter.end(clock.nanoTime(), Collections.nCopies(pending.size(), failed));
      pending.forEach(index -> results[index] = new MovedBlock(failed, Optional.empty()));
      done.complete(allResults());
    }

    private void finish(List<BlockOutcome> outcomes) {
      List<CompleteBlock> copies = new ArrayList<>(outcomes.size());
      List<Integer> positions = new ArrayList<>(outcomes.size());
      List<BlockOutcome> ends = new ArrayList<>(outcomes);
      for (int i = 0; i < outcomes.size(); i++) {
        BlockOutcome outcome = outcomes.get(i);
        if (outcome.isDone()) {
          try {
            copies.add(complete(held.get(i), targets.get(i)));
            positions.add(i);
          } catch (RuntimeException e) {
            ends.set(i, failed(e));
          }
        }
        removeIfDamaged(held.get(i), ends.get(i));
      }
      List<ImmutableBlock> registered = register(copies, positions, ends);
      keepUnsettled(ends);
      BlockPool.closeAll(targets); // those that were not registered
      for (int i = 0; i < ends.size(); i++) {
        results[pending.get(i)] = new MovedBlock(ends.get(i), Optional.empty());
      }
      for (int i = 0; i < registered.size(); i++) {
        int position = positions.get(i);
        results[pending.get(position)] =
            new MovedBlock(ends.get(position), Optional.of(registered.get(i)));
      }
      if (!ends.isEmpty()) {
        meter.end(clock.nanoTime(), ends);
      }
      BlockPool.closeAll(held);
      done.complete(allResults());
    }

    /** Makes a copy that has arrived one that can be registered. */
    private CompleteBlock complete(ImmutableBlock block, MutableBlock to) {
      checksums.carryOver(block, to);
      to.setMetadata(block.metadata());
      return to.complete(block.key(), block.parent().orElse(null));
    }

    /** All at once; none where that fails. */
    private List<ImmutableBlock> register(
        List<CompleteBlock> copies, List<Integer> positions, List<BlockOutcome> ends) {
      if (copies.isEmpty()) {
        return List.of();
      }
      try {
        return registerUnlessReset(copies);
      } catch (RuntimeException e) {
        copies.forEach(CompleteBlock::close);
        positions.forEach(position -> ends.set(position, failed(e)));
        return List.of();
      }
    }

    private List<ImmutableBlock> registerUnlessReset(List<CompleteBlock> copies) {
      BlockPlace.Sharded shards = target.shards();
      if (shards == null) {
        return target.pool().registerBlocks(copies);
      }
      return shards
          .workers()
          .unlessReset(resets, () -> target.pool().registerBlocks(copies))
          .orElseThrow(
              () ->
                  new TransientException(
                      ErrorCode.DISCONNECTED,
                      "workers were reset while %d blocks moved from %s to %s; they count as misses"
                          .formatted(copies.size(), source.name(), target.name())));
    }

    /**
     * Slots that a silent worker may still read or write stay taken until it cannot, though nobody
     * waits for their blocks any more.
     */
    private void keepUnsettled(List<BlockOutcome> ends) {
      for (int i = ends.size() - 1; i >= 0; i--) {
        CompletableFuture<Void> over =
            CompletableFuture.allOf(
                unsettled(source, held.get(i).blockId()),
                unsettled(target, targets.get(i).blockId()));
        if (!ends.get(i).isDone() && !over.isDone()) {
          List<Block> kept = List.of(targets.remove(i), held.remove(i));
          CompletableFuture<Void> _ = over.thenRun(() -> BlockPool.closeAll(kept));
        }
      }
    }

    private static CompletableFuture<Void> unsettled(Tier tier, int slot) {
      BlockPlace.Sharded shards = tier.shards();
      return shards == null
          ? SETTLED
          : shards
              .workers()
              .unsettled(shards.set(), slot)
              .map(CompletionStage::toCompletableFuture)
              .orElse(SETTLED);
    }

    /** A block that does not have its own bytes any more is found no longer. */
    private void removeIfDamaged(ImmutableBlock block, BlockOutcome end) {
      if (end instanceof BlockOutcome.Failed(KvbmException cause)
          && cause.kind() == ErrorKind.CORRUPTION
          && (source.shards() != null || checksums.isDamaged(block))) {
        source.pool().remove(block.share());
      }
    }

    private List<MovedBlock> allResults() {
      List<MovedBlock> all = new ArrayList<>(results.length);
      for (MovedBlock result : results) {
        all.add(Objects.requireNonNull(result));
      }
      return all;
    }

    private BlockOutcome failed(Throwable error) {
      return new BlockOutcome.Failed(causeOf(error));
    }

    private KvbmException causeOf(Throwable error) {
      return error instanceof KvbmException known
          ? known
          : new BackendException(
              ErrorCode.OPERATION_FAILED,
              "a move from %s to %s failed: %s".formatted(source.name(), target.name(), error),
              error);
    }

    private void closeReused() {
      for (MovedBlock result : results) {
        if (result != null) {
          result.block().ifPresent(ImmutableBlock::close);
        }
      }
    }

    @Override
    public int blockCount() {
      return results.length;
    }

    @Override
    public CompletionStage<List<MovedBlock>> results() {
      return done.minimalCompletionStage();
    }

    /**
     * The waiting thread finishes the movement itself: it needs no other thread to become free
     * first.
     */
    @Override
    public List<MovedBlock> await() {
      TransferHandle handle = transfer;
      if (handle != null) {
        try {
          finishOnce(handle.await());
        } catch (ClosedException e) { // the engine was closed and left it behind
          leaveBehindOnce(e);
        }
      }
      return done.join();
    }

    @Override
    public boolean cancel() {
      TransferHandle handle = transfer;
      return handle != null && handle.cancel();
    }
  }
}
