package io.kvbm.core.tiering;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.policy.AdmissionPolicy;
import io.kvbm.core.offload.WritePolicy;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.Eviction;
import io.kvbm.core.retention.Namespaces.Expectation;
import io.kvbm.core.retention.Retention;
import io.kvbm.core.tier.BlockMover;
import io.kvbm.core.tier.MoveHandle;
import io.kvbm.core.tier.MovedBlock;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.time.Cancellable;
import io.kvbm.core.time.Deadlines;
import io.kvbm.core.transfer.TransferOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes room in tiers. Along a write-back edge what would be evicted is moved to the next tier
 * first; a move that fails, or is not done in time, loses the block, which is a later miss. Along
 * other edges it is just evicted.
 *
 * <p>Threading: safe from any thread; calls wait for the moves they start, for a bounded time.
 */
final class WriteBack {

  private static final System.Logger LOG = System.getLogger(WriteBack.class.getName());

  /** So many batches in a row that were not done in time make a route that has stopped. */
  private static final int STRIKES = 2;

  /** A route that stays stopped is tried again after longer and longer, up to this many times. */
  private static final int LONGEST_REST = 64;

  private final List<Tier> tiers;
  private final BlockMover mover;
  private final Deadlines deadlines;
  private final TieringOptions options;
  private final @Nullable Retention retention;
  private final BiConsumer<Tier, List<ImmutableBlock>> arrived;
  private final ReentrantLock[] locks;
  private final LongAdder[] dropped;
  private final LongAdder[] refused;

  /** By tier: how the way down does. */
  private final Descent[] descents;

  /** How the way down from one tier does. Threading: safe from any thread. */
  private static final class Descent {
    private final long mostHeld;
    private final long restNanos;
    private long held;
    private int overdueInARow;
    private long restsUntilNanos;

    /**
     * @param mostHeld blocks that batches may hold which nobody waits for any more
     * @param restNanos how long a route that has stopped is left alone, at first
     */
    Descent(long mostHeld, long restNanos) {
      this.mostHeld = mostHeld;
      this.restNanos = restNanos;
    }

    /** {@return whether to start anything} */
    synchronized boolean isPassable(long nowNanos) {
      return held <= mostHeld && (overdueInARow < STRIKES || nowNanos - restsUntilNanos >= 0);
    }

    synchronized void inTime() {
      overdueInARow = 0;
    }

    synchronized void overdue(int blocks, long nowNanos) {
      held += blocks;
      overdueInARow++;
      long times = 1L << Math.clamp(overdueInARow - STRIKES, 0, Long.SIZE - 2);
      restsUntilNanos = nowNanos + restNanos * Math.min(LONGEST_REST, times);
    }

    synchronized void drained(int blocks) {
      held -= blocks;
    }
  }

  /**
   * @param retention knows what is kept, null for nothing
   * @param arrived told of blocks that came down into a tier, while they are open
   */
  WriteBack(
      List<Tier> tiers,
      BlockMover mover,
      Deadlines deadlines,
      TieringOptions options,
      @Nullable Retention retention,
      BiConsumer<Tier, List<ImmutableBlock>> arrived) {
    this.tiers = tiers;
    this.mover = mover;
    this.deadlines = deadlines;
    this.options = options;
    this.retention = retention;
    this.arrived = arrived;
    locks = new ReentrantLock[tiers.size()];
    dropped = new LongAdder[tiers.size()];
    refused = new LongAdder[tiers.size()];
    descents = new Descent[tiers.size()];
    for (int i = 0; i < dropped.length; i++) {
      locks[i] = new ReentrantLock();
      dropped[i] = new LongAdder();
      refused[i] = new LongAdder();
      descents[i] = new Descent(mostHeld(i), options.demotionNanos());
    }
  }

  /** An eighth of either tier. */
  private long mostHeld(int tier) {
    long upper = tiers.get(tier).pool().totalBlocks();
    return tier + 1 < tiers.size()
        ? Math.min(upper, tiers.get(tier + 1).pool().totalBlocks()) / 8
        : 0;
  }

  /** {@return blocks that were lost on their way out of a tier} */
  long dropped(int tier) {
    return dropped[tier].sum();
  }

  /** Whether what leaves a tier goes to the next one. */
  boolean goesDown(int tier) {
    return tier + 1 < tiers.size() && options.write(tier) == WritePolicy.BACK;
  }

  /**
   * Takes blocks of a tier to be filled.
   *
   * @throws CapacityException if there are too few that nobody uses; nothing was taken
   */
  List<MutableBlock> allocate(int tier, int count) {
    BlockPool pool = tiers.get(tier).pool();
    if (!goesDown(tier)) {
      return pool.allocateBlocks(count);
    }
    // One at a time: what one call has moved out of the way is not to look taken to another.
    locks[tier].lock();
    try {
      return makeRoom(tier, pool, count);
    } finally {
      locks[tier].unlock();
    }
  }

  private List<MutableBlock> makeRoom(int tier, BlockPool pool, int count) {
    requireRoom(tier, count);
    while (true) {
      Optional<List<MutableBlock>> empty = pool.tryAllocateEmptyBlocks(count);
      if (empty.isPresent()) {
        return empty.get();
      }
      long missing = count - pool.status().empty();
      List<Eviction> victims = pool.beginEvictions((int) Math.max(1, missing));
      if (victims.isEmpty()) {
        throw notEnough(tier, count, pool.status().empty());
      }
      demote(tier, victims);
    }
  }

  /** As many blocks of a tier as there is room for, at most {@code count}. */
  List<MutableBlock> allocateUpTo(int tier, int count) {
    int wanted = count;
    while (wanted > 0) {
      try {
        return allocate(tier, wanted);
      } catch (CapacityException e) {
        wanted = (int) Math.min(wanted - 1, e.available());
      }
    }
    return List.of();
  }

  private void requireRoom(int tier, int count) {
    long available = tiers.get(tier).pool().availableBlocks();
    if (count > available) {
      throw notEnough(tier, count, available);
    }
  }

  private CapacityException notEnough(int tier, int count, long available) {
    return new CapacityException(
        ErrorCode.NOT_ENOUGH_BLOCKS_AVAILABLE,
        "the %s tier has %d of %d blocks available, %d asked for; close blocks or ask for fewer"
            .formatted(
                tiers.get(tier).name(), available, tiers.get(tier).pool().totalBlocks(), count),
        count,
        available);
  }

  /**
   * Moves victims one tier down, the oldest first so that their order stays; what does not fit is
   * dropped.
   */
  private void demote(int tier, List<Eviction> victims) {
    BlockPool below = tiers.get(tier + 1).pool();
    int chunk = (int) Math.max(1, below.totalBlocks() / 2);
    List<BlockKey> staying = new ArrayList<>();
    try {
      List<Eviction> admitted = admitted(tier, victims);
      for (int from = 0; from < admitted.size(); from += chunk) {
        demoteChunk(tier, admitted.subList(from, Math.min(admitted.size(), from + chunk)));
      }
    } finally {
      for (Eviction victim : victims) {
        BlockKey key = victim.block().key();
        if (!victim.finish()) {
          staying.add(key);
        }
      }
    }
    staying.forEach(key -> keepHighest(tier, key));
  }

  /** What may not go down is just evicted. */
  private List<Eviction> admitted(int tier, List<Eviction> victims) {
    AdmissionPolicy admission = options.admission(tier);
    if (admission == AdmissionPolicy.PASS_ALL) {
      return victims;
    }
    long byteSize = tiers.get(tier).pool().shape().blockByteSize();
    List<Eviction> admitted = new ArrayList<>(victims.size());
    for (Eviction victim : victims) {
      ImmutableBlock block = victim.block();
      if (admission.admit(block.key(), byteSize, block.metadata().offloadPriority().orElse(0L))) {
        admitted.add(victim);
      }
    }
    refused[tier].add(victims.size() - admitted.size());
    return admitted;
  }

  /** {@return blocks that an admission kept from leaving a tier downwards as they were evicted} */
  long refused(int tier) {
    return refused[tier].sum();
  }

  /**
   * A victim that came into use again stays where it is, or was raised meanwhile: the copy below is
   * one too many.
   */
  private void keepHighest(int tier, BlockKey key) {
    for (int above = 0; above <= tier; above++) {
      Optional<ImmutableBlock> kept = tiers.get(above).pool().find(key);
      if (kept.isPresent()) {
        removeFrom(tier + 1, key); // while a use keeps the other one
        kept.get().close();
        return;
      }
    }
  }

  /** Takes a block out of a tier that has one too many, unless somebody keeps it there. */
  void removeFrom(int tier, BlockKey key) {
    BlockPool pool = tiers.get(tier).pool();
    if (retention != null) {
      retention.removeUnlessKept(tier, key, () -> {});
    } else if (pool.contains(key)) {
      pool.find(key).ifPresent(pool::remove);
    }
  }

  private void demoteChunk(int tier, List<Eviction> victims) {
    if (!descents[tier].isPassable(deadlines.nanoTime())) {
      dropped[tier].add(victims.size()); // nobody waits behind what does not move
      return;
    }
    List<ImmutableBlock> blocks = victims.stream().map(Eviction::block).toList();
    try (Expectation _ = expect(tier + 1, blocks)) {
      List<MutableBlock> targets = allocate(tier + 1, blocks.size());
      int kept = move(tier, blocks, targets);
      dropped[tier].add(blocks.size() - kept);
    } catch (CapacityException e) {
      int room = (int) Math.min(e.available(), victims.size() - 1);
      dropped[tier].add(victims.size() - room);
      if (room > 0) {
        demoteChunk(tier, victims.subList(victims.size() - room, victims.size()));
      }
    } catch (KvbmException e) {
      dropped[tier].add(blocks.size()); // a tier that takes nothing loses blocks, and stops nobody
    }
  }

  private Expectation expect(int tier, List<ImmutableBlock> blocks) {
    return retention == null
        ? Expectation.NONE
        : retention.expect(tier, blocks.stream().map(ImmutableBlock::key).toList());
  }

  /**
   * Returns how many blocks were moved in time. One movement for each batch, all at once: one that
   * stalls keeps no others from their end.
   */
  private int move(int tier, List<ImmutableBlock> blocks, List<MutableBlock> targets) {
    long deadline = deadlines.nanoTime() + options.demotionNanos();
    TransferOptions until = TransferOptions.DEFAULT.withDeadlineNanos(deadline);
    int batch = options.transfers().maxBatchBlocks();
    List<MoveHandle> handles = new ArrayList<>();
    int from = 0;
    try {
      while (from < blocks.size()) {
        int to = Math.min(blocks.size(), from + batch);
        handles.add(
            mover.move(
                tiers.get(tier),
                blocks.subList(from, to),
                tiers.get(tier + 1),
                targets.subList(from, to),
                until));
        from = to;
      }
    } catch (RuntimeException e) { // These blocks are lost, the rest moves.
      BlockPool.closeAll(targets.subList(from, targets.size()));
      if (!(e instanceof KvbmException)) {
        LOG.log(System.Logger.Level.WARNING, "a movement down could not be started", e);
      }
    }
    List<ImmutableBlock> kept = new ArrayList<>();
    for (MoveHandle handle : handles) {
      await(tier, handle, deadline).forEach(moved -> moved.block().ifPresent(kept::add));
    }
    try {
      // Victims come children first; whoever copies them on wants parents first.
      arrived.accept(tiers.get(tier + 1), kept.reversed());
    } finally {
      BlockPool.closeAll(kept);
    }
    return kept.size();
  }

  private List<MovedBlock> await(int tier, MoveHandle handle, long deadlineNanos) {
    CompletableFuture<Optional<List<MovedBlock>>> either = new CompletableFuture<>();
    handle.results().thenAccept(moved -> either.complete(Optional.of(moved)));
    Optional<List<MovedBlock>> moved;
    if (either.isDone()) { // short copies have ended by now and need no alarm
      moved = either.join();
    } else {
      Cancellable alarm =
          deadlines.schedule(deadlineNanos, () -> either.complete(Optional.empty()));
      moved = either.join();
      alarm.cancel();
    }
    if (moved.isPresent()) {
      descents[tier].inTime();
      return moved.get();
    }
    leaveBehind(tier, handle);
    return List.of();
  }

  /** Nobody waits for a batch any longer; what it brings down after all is as good. */
  private void leaveBehind(int tier, MoveHandle handle) {
    descents[tier].overdue(handle.blockCount(), deadlines.nanoTime());
    handle.cancel();
    handle
        .results()
        .whenComplete(
            (moved, _) -> {
              descents[tier].drained(handle.blockCount());
              moved.forEach(one -> one.block().ifPresent(ImmutableBlock::close));
            });
  }
}
