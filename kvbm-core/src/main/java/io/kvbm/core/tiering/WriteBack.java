package io.kvbm.core.tiering;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.policy.AdmissionPolicy;
import io.kvbm.core.cost.GateMode;
import io.kvbm.core.cost.RecomputeCost;
import io.kvbm.core.offload.WritePolicy;
import io.kvbm.core.onboard.TierResidence;
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
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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

  /** At most this part of a tier is made empty before anybody needs it. */
  private static final int SPARE_SHARE = 64;

  /** Nobody waits longer than that for blocks that need not go down yet. */
  private static final long SPARE_NANOS = 2_000_000;

  private final List<Tier> tiers;
  private final BlockMover mover;
  private final Deadlines deadlines;
  private final TieringOptions options;
  private final @Nullable Retention retention;
  private final TierResidence residence;
  private final BiConsumer<Tier, List<ImmutableBlock>> arrived;
  private final ReentrantLock[] locks;
  private final LongAdder[] dropped;
  private final LongAdder[] refused;

  /** By tier: how the way down does. */
  private final Descent[] descents;

  /**
   * @param retention knows what is kept, null for nothing
   * @param residence takes out of a tier what a higher one has
   * @param arrived told of blocks that came down into a tier, while they are open
   */
  WriteBack(
      List<Tier> tiers,
      BlockMover mover,
      Deadlines deadlines,
      TieringOptions options,
      @Nullable Retention retention,
      TierResidence residence,
      BiConsumer<Tier, List<ImmutableBlock>> arrived) {
    this.tiers = tiers;
    this.mover = mover;
    this.deadlines = deadlines;
    this.options = options;
    this.retention = retention;
    this.residence = residence;
    this.arrived = arrived;
    locks = new ReentrantLock[tiers.size()];
    dropped = new LongAdder[tiers.size()];
    refused = new LongAdder[tiers.size()];
    descents = new Descent[tiers.size()];
    for (int i = 0; i < dropped.length; i++) {
      locks[i] = new ReentrantLock();
      dropped[i] = new LongAdder();
      refused[i] = new LongAdder();
      descents[i] = new Descent(mostHeld(i), options.demotionNanos(), worthNanos(options));
    }
  }

  /**
   * Where the cost gate decides, what goes down is to come up again at about the same price, and
   * both together are to take less than computing the block.
   */
  private static double worthNanos(TieringOptions options) {
    RecomputeCost recompute = options.recompute();
    return options.gate() == GateMode.ENFORCE && recompute != null
        ? recompute.nanos(0, 1) / 2
        : Double.POSITIVE_INFINITY;
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
      int missing = (int) Math.max(1, count - pool.status().empty());
      List<Eviction> victims = pool.beginEvictions(Math.max(missing, batch(tier, pool)));
      if (victims.isEmpty()) {
        throw notEnough(tier, count, pool.status().empty());
      }
      demote(tier, victims, missing);
    }
  }

  /**
   * So many blocks of a lower tier go down at once, where as many are next to nothing of it and go
   * quickly: a store takes a full batch faster than its blocks one by one, and the next few who
   * need room find it. The top tier, whose blocks cost nothing to find, gives no more than it must.
   */
  private int batch(int tier, BlockPool pool) {
    if (tier == 0) {
      return 0;
    }
    long few = Math.min(options.transfers().maxBatchBlocks(), pool.totalBlocks() / SPARE_SHARE);
    return (int) Math.min(few, descents[tier].blocksIn(SPARE_NANOS));
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
   * Moves victims one tier down, the oldest first so that their order stays. What does not fit is
   * dropped, as far as room is needed; the rest stays.
   *
   * @param needed how many of them, the first, leave their tier in any case
   */
  private void demote(int tier, List<Eviction> victims, int needed) {
    BlockPool below = tiers.get(tier + 1).pool();
    int chunk = (int) Math.max(1, below.totalBlocks() / 2);
    Set<BlockKey> unwanted = new HashSet<>();
    Set<BlockKey> moved = new HashSet<>();
    try {
      List<Eviction> admitted = admitted(tier, victims, unwanted);
      for (int from = 0; from < admitted.size(); from += chunk) {
        demoteChunk(tier, admitted.subList(from, Math.min(admitted.size(), from + chunk)), moved);
      }
    } finally {
      List<BlockKey> staying = new ArrayList<>();
      for (int i = 0; i < victims.size(); i++) {
        Eviction victim = victims.get(i);
        BlockKey key = victim.block().key();
        if (moved.contains(key)) {
          if (!victim.finish()) {
            staying.add(key);
          }
        } else if (i >= needed) {
          victim.cancel();
        } else if (victim.finish()) {
          (unwanted.contains(key) ? refused : dropped)[tier].increment();
        }
      }
      staying.forEach(key -> keepHighest(tier, key));
    }
  }

  /** What may not go down is just evicted. */
  private List<Eviction> admitted(int tier, List<Eviction> victims, Set<BlockKey> unwanted) {
    AdmissionPolicy admission = options.admission(tier);
    if (admission == AdmissionPolicy.PASS_ALL) {
      return victims;
    }
    List<Eviction> admitted = new ArrayList<>(victims.size());
    for (Eviction victim : victims) {
      if (admits(admission, tier, victim.block())) {
        admitted.add(victim);
      } else {
        unwanted.add(victim.block().key());
      }
    }
    return admitted;
  }

  /** An admission that throws keeps nobody from getting room. */
  private boolean admits(AdmissionPolicy admission, int tier, ImmutableBlock block) {
    long byteSize = tiers.get(tier).pool().shape().blockByteSize();
    try {
      return admission.admit(block.key(), byteSize, block.metadata().offloadPriority().orElse(0L));
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "an admission failed; the block is not moved down", e);
      return false;
    }
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
        residence.takeOut(tier + 1, key); // while a use keeps the other one
        kept.get().close();
        return;
      }
    }
  }

  private void demoteChunk(int tier, List<Eviction> all, Set<BlockKey> moved) {
    int count = descents[tier].admits(all.size(), deadlines.nanoTime());
    if (count == 0) {
      return; // nobody waits behind what does not move
    }
    List<Eviction> victims = all.subList(all.size() - count, all.size());
    List<ImmutableBlock> blocks = victims.stream().map(Eviction::block).toList();
    try (Expectation _ = expect(tier + 1, blocks)) {
      List<MutableBlock> targets = allocate(tier + 1, blocks.size());
      moved.addAll(move(tier, blocks, targets));
    } catch (CapacityException e) {
      int room = (int) Math.min(e.available(), victims.size() - 1);
      if (room > 0) {
        demoteChunk(tier, victims.subList(victims.size() - room, victims.size()), moved);
      }
    } catch (KvbmException e) {
      // A tier that takes nothing loses blocks, and stops nobody.
      LOG.log(System.Logger.Level.DEBUG, "nothing moves down into a tier", e);
    }
  }

  private Expectation expect(int tier, List<ImmutableBlock> blocks) {
    return retention == null
        ? Expectation.NONE
        : retention.expect(tier, blocks.stream().map(ImmutableBlock::key).toList());
  }

  /**
   * Returns which blocks were moved in time. One movement for each batch, all at once: one that
   * stalls keeps no others from their end.
   */
  private List<BlockKey> move(int tier, List<ImmutableBlock> blocks, List<MutableBlock> targets) {
    long start = deadlines.nanoTime();
    long deadline = start + options.demotionNanos();
    List<MoveHandle> handles = start(tier, blocks, targets, deadline);
    List<ImmutableBlock> kept = new ArrayList<>();
    boolean inTime = true;
    for (MoveHandle handle : handles) {
      Optional<List<MovedBlock>> ended = await(handle, deadline);
      if (ended.isEmpty()) {
        inTime = false;
        leaveBehind(tier, handle);
      }
      ended.orElse(List.of()).forEach(moved -> moved.block().ifPresent(kept::add));
    }
    long end = deadlines.nanoTime();
    descents[tier].ended(kept.size(), end - start, inTime, end);
    List<BlockKey> keys = kept.stream().map(ImmutableBlock::key).toList();
    try {
      // Victims come children first; whoever copies them on wants parents first.
      arrived.accept(tiers.get(tier + 1), kept.reversed());
    } finally {
      BlockPool.closeAll(kept);
    }
    return keys;
  }

  private List<MoveHandle> start(
      int tier, List<ImmutableBlock> blocks, List<MutableBlock> targets, long deadline) {
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
    return handles;
  }

  private Optional<List<MovedBlock>> await(MoveHandle handle, long deadlineNanos) {
    CompletableFuture<Optional<List<MovedBlock>>> either = new CompletableFuture<>();
    handle.results().thenAccept(moved -> either.complete(Optional.of(moved)));
    if (either.isDone()) { // short copies have ended by now and need no alarm
      return either.join();
    }
    Cancellable alarm = deadlines.schedule(deadlineNanos, () -> either.complete(Optional.empty()));
    Optional<List<MovedBlock>> moved = either.join();
    alarm.cancel();
    return moved;
  }

  /** Nobody waits for a batch any longer; what it brings down after all is one too many. */
  private void leaveBehind(int tier, MoveHandle handle) {
    Descent descent = descents[tier];
    descent.hold(handle.blockCount());
    handle.cancel();
    handle
        .results()
        .thenAccept(
            moved -> {
              descent.drained(handle.blockCount());
              for (MovedBlock one : moved) {
                one.block()
                    .ifPresent(
                        block -> {
                          keepHighest(tier, block.key());
                          block.close();
                        });
              }
            });
  }
}
