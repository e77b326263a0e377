package io.kvbm.core.logical;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.config.KvManagerModelConfig;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.remote.ShardMove;
import io.kvbm.api.remote.ShardOutcome;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.core.layout.Layouts;
import io.kvbm.core.remote.ShardMover;
import io.kvbm.core.tier.Verification;
import io.kvbm.core.transfer.TransferEngine;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The worker of a leader: it owns the bytes of its shards and copies them between its sets when the
 * leader says so. A move is checked before anything is copied: sets, slots, no slot written twice,
 * none written that another move is busy with.
 *
 * <p>Ownership: layouts given stay the caller's, what was allocated from a configuration is the
 * worker's. Threading: safe from any thread; a move runs on the executor.
 */
public final class ShardWorker implements ShardMover, AutoCloseable {

  private final List<ShardSet> sets;
  private final List<Storage> owned;
  private final Verification verification;
  private final int maxMoves;
  private final int maxQueuedMoves;
  private final TransferEngine engine;
  private final Clock clock;
  private final Executor executor;
  private final Object lock = new Object();
  private final Deque<RunningMove> queue = new ArrayDeque<>();
  private int running;
  private boolean closed;

  private ShardWorker(Builder builder, TransferEngine engine, Clock clock, Executor executor) {
    this.sets = List.copyOf(builder.sets);
    this.owned = List.copyOf(builder.owned);
    this.verification = builder.verification;
    this.maxMoves = builder.maxMoves;
    this.maxQueuedMoves = builder.maxQueuedMoves;
    this.engine = engine;
    this.clock = clock;
    this.executor = executor;
  }

  /** {@return a builder without sets} */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return how many sets there are} */
  public int sets() {
    return sets.size();
  }

  /**
   * {@return where the shards of a set are; what lies there is written through it}
   *
   * @param set which, from 0
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if there is no such set
   */
  public Layout layout(int set) {
    return requireSet(set).layout;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Fails with {@link ErrorCode#INVALID_ARGUMENT}, {@link ErrorCode#INVALID_BLOCK_INDEX} or
   * {@link ErrorCode#BLOCK_STATE_INVALID} where the move cannot be made, with {@link
   * ErrorCode#QUEUE_FULL} where too many wait, with {@link ErrorCode#CLOSED} after {@link
   * #close()}; nothing was copied then.
   */
  @Override
  public CompletionStage<ShardOutcome> move(ShardMove move) {
    RunningMove next;
    try {
      ShardSet source = requireSet(move.source());
      ShardSet target = requireSet(move.target());
      boolean isVerified = ShardSet.sums(verification, source, target);
      long deadline = clock.nanoTime() + move.timeout().toNanos();
      // 0 stands for no deadline
      next = new RunningMove(move, source, target, deadline == 0 ? 1 : deadline, isVerified);
      synchronized (lock) {
        requireRoom();
        SlotClaims.take(move, source.claims, target.claims);
        queue.add(next);
      }
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
    startNext();
    return next.answer.minimalCompletionStage();
  }

  private void requireRoom() {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, "the shard worker is closed");
    }
    if (running >= maxMoves && queue.size() >= maxQueuedMoves) {
      throw new TransientException(
          ErrorCode.QUEUE_FULL,
          "%d moves run and %d wait, no more may; send the move again later"
              .formatted(running, queue.size()));
    }
  }

  private ShardSet requireSet(int set) {
    if (set < 0 || set >= sets.size()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "set %d is outside the %d sets of the worker: %s"
              .formatted(set, sets.size(), sets.stream().map(each -> each.name).toList()));
    }
    return sets.get(set);
  }

  private void startNext() {
    RunningMove next;
    synchronized (lock) {
      if (running >= maxMoves || queue.isEmpty()) {
        return;
      }
      next = queue.remove();
      running++;
    }
    try {
      executor.execute(() -> run(next));
    } catch (RejectedExecutionException e) {
      end(next, next.failed(e));
    }
  }

  private void run(RunningMove move) {
    if (clock.nanoTime() - move.deadlineNanos >= 0) {
      end(
          move,
          move.failed(
              new TransientException(
                  ErrorCode.DEADLINE_EXCEEDED,
                  "a move of %d shards waited until its time was over"
                      .formatted(move.move.sourceSlots().length))));
      return;
    }
    var _ =
        move.copy(engine)
            .whenComplete(
                (outcome, error) -> {
                  if (error == null) {
                    end(move, outcome);
                  } else {
                    // The engine was closed and left it behind: its bytes may still arrive, so its
                    // slots stay taken, and the leader learns that nobody knows.
                    move.answer.completeExceptionally(
                        new TransientException(
                            ErrorCode.STALLED, "shards were left behind in flight", error));
                  }
                });
  }

  private void end(RunningMove move, ShardOutcome outcome) {
    synchronized (lock) {
      SlotClaims.giveBack(move.move, move.source.claims, move.target.claims);
      running--;
    }
    move.answer.complete(outcome);
    startNext();
  }

  /** {@return moves that run or wait} */
  public int pendingMoves() {
    synchronized (lock) {
      return running + queue.size();
    }
  }

  /**
   * Takes no more moves and fails those that wait; those that run end. What the worker allocated is
   * freed when they have. Later calls do nothing.
   */
  @Override
  public void close() {
    List<RunningMove> waiting;
    synchronized (lock) {
      if (closed) {
        return;
      }
      closed = true;
      waiting = new ArrayList<>(queue);
      queue.clear();
    }
    ClosedException cause =
        new ClosedException(ErrorCode.CLOSED, "the shard worker was closed before the move began");
    waiting.forEach(move -> move.answer.completeExceptionally(cause));
    owned.forEach(Storage::close); // transfers hold leases
  }

  /** Collects the sets of a worker, the fastest first. For one thread. */
  public static final class Builder {
    private final List<ShardSet> sets = new ArrayList<>();
    private final List<Storage> owned = new ArrayList<>();
    private Verification verification = Verification.STORES;
    private int maxMoves = 16;
    private int maxQueuedMoves = 256;

    private Builder() {}

    /**
     * Adds a set; the first one is written by others too, the rest by moves alone.
     *
     * @param name its name in messages
     * @param layout where its shards are; it stays the caller's and outlives the worker
     * @return this builder
     */
    public Builder set(String name, Layout layout) {
      sets.add(new ShardSet(Objects.requireNonNull(name), layout, sets.isEmpty()));
      return this;
    }

    /**
     * Adds a set that is laid out as the tier of a manager would be.
     *
     * @param name its name in messages
     * @param model the shape of a shard
     * @param tier number of slots, layout, and an allocator, whose storages are the worker's, or
     *     storages, which stay the caller's
     * @return this builder
     * @throws ConfigurationException if the tier has neither
     */
    public Builder set(String name, KvManagerModelConfig model, KvManagerLayoutConfig tier) {
      LayoutConfig shape = model.layout(tier.numBlocks(), tier.alignment());
      LayoutProvider provider = Layouts.of(tier.layoutType());
      @Nullable StorageAllocator allocator = tier.allocator();
      List<Storage> storages = tier.storages();
      if (allocator != null) {
        storages = new ArrayList<>();
        long alignment = Math.max(AllocationRequest.DEFAULT_ALIGNMENT, shape.alignment());
        for (long byteSize : provider.storageByteSizes(shape)) {
          Storage storage = allocator.allocate(new AllocationRequest(byteSize, alignment));
          owned.add(storage);
          storages.add(storage);
        }
      }
      if (storages.isEmpty()) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG,
            "the %s set of a worker needs an allocator or storages, which neither a block store nor a logical tier has; set tiers.%s.holder to allocator"
                .formatted(name, name));
      }
      return set(name, provider.bind(shape, storages));
    }

    /**
     * {@return this builder}
     *
     * @param value which moves are checked end to end; otherwise those into and out of files
     */
    public Builder verification(Verification value) {
      verification = Objects.requireNonNull(value);
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param atOnce moves that run at once, otherwise 16
     * @param waiting moves that wait, otherwise 256; more are refused
     * @throws ConfigurationException if there could be none
     */
    public Builder moves(int atOnce, int waiting) {
      if (atOnce < 1 || waiting < 1) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG,
            "a worker runs and queues at least 1 move, got %d and %d".formatted(atOnce, waiting));
      }
      maxMoves = atOnce;
      maxQueuedMoves = waiting;
      return this;
    }

    /**
     * {@return the worker; the caller closes it}
     *
     * @param engine copies; it stays the caller's
     * @param clock that of the engine
     * @param executor runs moves, which may wait for room in the engine
     * @throws ConfigurationException if there are fewer than two sets, or their shards differ in
     *     size
     */
    public ShardWorker build(TransferEngine engine, Clock clock, Executor executor) {
      if (sets.size() < 2) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG,
            "a worker moves shards between two sets or more, got " + sets.size());
      }
      long byteSize = sets.getFirst().layout.blockByteSize();
      for (ShardSet set : sets) {
        if (set.layout.blockByteSize() != byteSize) {
          throw new ConfigurationException(
              ErrorCode.INVALID_CONFIG,
              "shards of the %s set have %d bytes, those of %s %d"
                  .formatted(set.name, set.layout.blockByteSize(), sets.getFirst().name, byteSize));
        }
      }
      return new ShardWorker(this, engine, clock, executor);
    }
  }
}
