package io.kvbm.core.tier;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.block.RegistrableBlock;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.Eviction;
import io.kvbm.core.transfer.TransferOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Tiers one below the other, with write-back edges: what a tier would evict is moved to the next
 * one first, and a block that is used again is moved to the top. A block lives in one tier at a
 * time, so the capacities add up.
 *
 * <p>A move that fails loses the block, which is a later miss, never a wrong block. Threading: safe
 * from any thread; each call waits for the moves it starts.
 */
public final class TierChain {

  /** Blocks that are brought up at once. */
  private static final int RAISE_STEP = 16;

  private final List<Tier> tiers;
  private final BlockMover mover;
  private final Clock clock;
  private final Map<String, RouteCounters> routes = new LinkedHashMap<>();
  private final LongAdder[] dropped;

  /** Changes before blocks that were brought up leave the tier they were in. */
  private final AtomicLong raises = new AtomicLong();

  /**
   * Creates a chain.
   *
   * @param tiers at least one, the fastest first; they stay the caller's
   * @param mover moves blocks
   * @param clock measures how long moves take
   */
  public TierChain(List<Tier> tiers, BlockMover mover, Clock clock) {
    if (tiers.isEmpty()) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG, "a chain of tiers needs at least one tier");
    }
    this.tiers = List.copyOf(tiers);
    this.mover = mover;
    this.clock = clock;
    this.dropped = new LongAdder[tiers.size()];
    for (int i = 0; i < dropped.length; i++) {
      dropped[i] = new LongAdder();
    }
    for (int i = 1; i < tiers.size(); i++) {
      routes.put(routeName(i - 1, i), new RouteCounters());
      routes.put(routeName(i, 0), new RouteCounters());
    }
  }

  /** {@return the tiers, the fastest first} */
  public List<Tier> tiers() {
    return tiers;
  }

  /**
   * Finds the longest prefix of a sequence over all tiers, block by block, and takes its blocks
   * into use.
   *
   * @param keys the blocks of the sequence, in order
   * @return the blocks found, in order; the caller closes each
   */
  public List<LocatedBlock> match(List<BlockKey> keys) {
    List<LocatedBlock> found = new ArrayList<>(keys.size());
    for (BlockKey key : keys) {
      LocatedBlock block = locate(key);
      if (block == null) {
        break;
      }
      found.add(block);
    }
    return found;
  }

  /**
   * A block on its way up is in no tier it has not been looked for in yet: then the search starts
   * again.
   */
  private @Nullable LocatedBlock locate(BlockKey key) {
    long before;
    do {
      before = raises.get();
      LocatedBlock found = search(key);
      if (found != null) {
        return found;
      }
    } while (raises.get() != before);
    return null;
  }

  private @Nullable LocatedBlock search(BlockKey key) {
    for (int tier = 0; tier < tiers.size(); tier++) {
      Optional<ImmutableBlock> block = tiers.get(tier).pool().find(key);
      if (block.isPresent()) {
        return new LocatedBlock(tier, block.get());
      }
    }
    return null;
  }

  /**
   * Brings blocks to the top tier and takes them out of the tiers below.
   *
   * @param blocks blocks that {@link #match} found; consumed
   * @return the same blocks in the top tier, in order, up to the first that could not be brought
   *     there; the caller closes each
   * @throws CapacityException if the top tier cannot hold them together with what is in use there;
   *     every block was closed
   * @throws KvbmException if blocks cannot be moved at all; every block was closed
   */
  public List<ImmutableBlock> promote(List<LocatedBlock> blocks) {
    @Nullable ImmutableBlock[] raised = new ImmutableBlock[blocks.size()];
    for (int i = 0; i < raised.length; i++) {
      if (blocks.get(i).tier() == 0) {
        raised[i] = blocks.get(i).block();
      }
    }
    try {
      for (int tier = 1; tier < tiers.size(); tier++) {
        raiseFrom(tier, blocks, raised);
      }
    } catch (KvbmException e) {
      for (int i = raised.length - 1; i >= 0; i--) {
        ImmutableBlock block = raised[i];
        (block == null ? blocks.get(i).block() : block).close();
      }
      throw e;
    }
    return prefixOf(raised);
  }

  private void raiseFrom(int tier, List<LocatedBlock> blocks, @Nullable ImmutableBlock[] raised) {
    List<Integer> indices = new ArrayList<>();
    for (int i = 0; i < raised.length; i++) {
      if (blocks.get(i).tier() == tier) {
        indices.add(i);
      }
    }
    requireRoom(0, indices.size());
    // What a step frees below takes in what the next one pushes out above, so few blocks fall off
    // the end meanwhile.
    // From the end, because children leave a tier more cheaply than their parents.
    int step = Math.clamp(tiers.get(tier).pool().totalBlocks() / 8, 1, RAISE_STEP);
    for (int to = indices.size(); to > 0; to -= step) {
      raiseStep(tier, blocks, indices.subList(Math.max(0, to - step), to), raised);
    }
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

  private void raiseStep(
      int tier,
      List<LocatedBlock> blocks,
      List<Integer> indices,
      @Nullable ImmutableBlock[] raised) {
    List<ImmutableBlock> sources = indices.stream().map(i -> blocks.get(i).block()).toList();
    List<MutableBlock> targets = allocate(0, sources.size());
    List<MovedBlock> moved = move(tier, 0, sources, targets);
    for (int i = 0; i < sources.size(); i++) {
      raised[indices.get(i)] = moved.get(i).block().orElse(null);
    }
    raises.incrementAndGet(); // before the first leaves the tier it was in
    for (int i = sources.size() - 1; i >= 0; i--) {
      if (moved.get(i).outcome().isDone() || isLost(moved.get(i).outcome())) {
        tiers.get(tier).pool().remove(sources.get(i));
      } else {
        sources.get(i).close();
      }
    }
  }

  /**
   * Whether trying again is of no use: the tier gave other bytes, none, or an error of its device.
   */
  private static boolean isLost(BlockOutcome outcome) {
    return outcome instanceof BlockOutcome.Failed failed
        && switch (failed.cause().kind()) {
          case CORRUPTION, BACKEND -> true;
          case CALLER -> failed.cause().code() == ErrorCode.NOT_FOUND;
          default -> false;
        };
  }

  /**
   * A block behind a missing one is of no use to the sequence: it stays in the top tier, unused.
   */
  private static List<ImmutableBlock> prefixOf(@Nullable ImmutableBlock[] blocks) {
    List<ImmutableBlock> prefix = new ArrayList<>(blocks.length);
    boolean whole = true;
    for (ImmutableBlock block : blocks) {
      if (block == null) {
        whole = false;
      } else if (whole) {
        prefix.add(block);
      } else {
        block.close();
      }
    }
    return prefix;
  }

  /**
   * Takes blocks of the top tier to be filled, after moving down what is in their way.
   *
   * @param count how many
   * @return the blocks; the caller closes or registers each
   * @throws CapacityException if there are too few that nobody uses; nothing was taken
   */
  public List<MutableBlock> allocate(int count) {
    return allocate(0, count);
  }

  /**
   * Registers blocks of the top tier and takes copies of them out of the tiers below.
   *
   * @param blocks complete blocks of the top tier; consumed
   * @return the registered blocks; the caller closes each
   */
  public List<ImmutableBlock> register(List<? extends RegistrableBlock> blocks) {
    List<ImmutableBlock> registered = tiers.getFirst().pool().registerBlocks(blocks);
    for (ImmutableBlock block : registered.reversed()) {
      for (int tier = 1; tier < tiers.size(); tier++) {
        removeFrom(tier, block.key());
      }
    }
    return registered;
  }

  private void removeFrom(int tier, BlockKey key) {
    BlockPool pool = tiers.get(tier).pool();
    if (pool.contains(key)) {
      pool.find(key).ifPresent(pool::remove);
    }
  }

  private List<MutableBlock> allocate(int tier, int count) {
    BlockPool pool = tiers.get(tier).pool();
    if (tier == tiers.size() - 1) {
      return pool.allocateBlocks(count);
    }
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

  /**
   * Moves victims one tier down, the oldest first so that their order stays; what does not fit is
   * dropped.
   */
  private void demote(int tier, List<Eviction> victims) {
    BlockPool below = tiers.get(tier + 1).pool();
    int chunk = (int) Math.max(1, below.totalBlocks() / 2);
    List<BlockKey> staying = new ArrayList<>();
    try {
      for (int from = 0; from < victims.size(); from += chunk) {
        demoteChunk(tier, victims.subList(from, Math.min(victims.size(), from + chunk)));
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

  private void demoteChunk(int tier, List<Eviction> victims) {
    List<ImmutableBlock> blocks = victims.stream().map(Eviction::block).toList();
    try {
      List<MutableBlock> targets = allocate(tier + 1, blocks.size());
      for (MovedBlock moved : move(tier, tier + 1, blocks, targets)) {
        moved.block().ifPresentOrElse(ImmutableBlock::close, dropped[tier]::increment);
      }
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

  private List<MovedBlock> move(
      int from, int to, List<ImmutableBlock> blocks, List<MutableBlock> targets) {
    long start = clock.nanoTime();
    List<MovedBlock> moved;
    try {
      moved =
          mover
              .move(tiers.get(from), blocks, tiers.get(to), targets, TransferOptions.DEFAULT)
              .await();
    } catch (RuntimeException e) {
      BlockPool.closeAll(targets);
      throw e;
    }
    RouteCounters counters = Objects.requireNonNull(routes.get(routeName(from, to)));
    counters.nanos.add(clock.nanoTime() - start);
    for (MovedBlock block : moved) {
      if (block.outcome() instanceof BlockOutcome.Done done) {
        counters.blocks.increment();
        counters.bytes.add(done.byteSize());
      } else {
        counters.failures.increment();
      }
    }
    return moved;
  }

  /** {@return what was moved, by route} */
  public List<RouteUse> routes() {
    List<RouteUse> uses = new ArrayList<>();
    routes.forEach(
        (route, counters) ->
            uses.add(
                new RouteUse(
                    route,
                    counters.blocks.sum(),
                    counters.bytes.sum(),
                    counters.nanos.sum(),
                    counters.failures.sum())));
    return uses;
  }

  /** {@return blocks that left each tier because it was full, by tier name} */
  public Map<String, Long> evictions() {
    Map<String, Long> evictions = new TreeMap<>();
    for (Tier tier : tiers) {
      evictions.put(tier.name(), tier.pool().statistics().evictions());
    }
    return evictions;
  }

  /** {@return blocks that were lost on their way out of each tier, by tier name} */
  public Map<String, Long> dropped() {
    Map<String, Long> lost = new TreeMap<>();
    for (int i = 0; i < dropped.length; i++) {
      lost.put(tiers.get(i).name(), dropped[i].sum());
    }
    return lost;
  }

  private String routeName(int from, int to) {
    return tiers.get(from).name() + "->" + tiers.get(to).name();
  }

  private static final class RouteCounters {
    private final LongAdder blocks = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder nanos = new LongAdder();
    private final LongAdder failures = new LongAdder();
  }
}
