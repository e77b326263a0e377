package io.kvbm.core.tier;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
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
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Tiers one below the other, with write-back edges: what a tier would evict is moved to the next one first, and a block
 * that is used again is moved to the top. A block lives in one tier at a time, so the capacities add up.
 *
 * <p>A move that fails loses the block, which is a later miss, never a wrong block. Threading: safe from any thread; each
 * call waits for the moves it starts.
 */
public final class TierChain {

  private final List<Tier> tiers;
  private final BlockMover mover;
  private final Clock clock;
  private final Map<String, RouteCounters> routes = new LinkedHashMap<>();
  private final LongAdder[] dropped;

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
   * Finds the longest prefix of a sequence over all tiers, block by block, and takes its blocks into use.
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

  private @Nullable LocatedBlock locate(BlockKey key) {
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
   * @return the same blocks in the top tier, in order, up to the first that could not be brought there; the caller closes
   *     each
   * @throws CapacityException if the top tier cannot hold them together with what is in use there; every block was closed
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
    } catch (CapacityException e) {
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
    List<ImmutableBlock> sources = new ArrayList<>();
    for (int i = 0; i < raised.length; i++) {
      if (blocks.get(i).tier() == tier) {
        indices.add(i);
        sources.add(blocks.get(i).block());
      }
    }
    if (sources.isEmpty()) {
      return;
    }
    List<MutableBlock> targets = allocate(0, sources.size());
    List<MovedBlock> moved = move(tier, 0, sources, targets);
    for (int i = 0; i < sources.size(); i++) {
      raised[indices.get(i)] = moved.get(i).block().orElse(null);
      if (moved.get(i).outcome().isDone() || isCorrupt(moved.get(i).outcome())) {
        tiers.get(tier).pool().remove(sources.get(i));
      } else {
        sources.get(i).close();
      }
    }
  }

  private static boolean isCorrupt(BlockOutcome outcome) {
    return outcome instanceof BlockOutcome.Failed failed
        && failed.cause() instanceof CorruptionException;
  }

  /** A block behind a missing one is of no use to the sequence: it stays in the top tier, unused. */
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
  public List<ImmutableBlock> register(
      List<? extends RegistrableBlock> blocks) {
    List<ImmutableBlock> registered = tiers.getFirst().pool().registerBlocks(blocks);
    for (ImmutableBlock block : registered) {
      for (int tier = 1; tier < tiers.size(); tier++) {
        BlockPool below = tiers.get(tier).pool();
        if (below.contains(block.key())) {
          below.find(block.key()).ifPresent(below::remove);
        }
      }
    }
    return registered;
  }

  private List<MutableBlock> allocate(int tier, int count) {
    BlockPool pool = tiers.get(tier).pool();
    if (tier < tiers.size() - 1) {
      int missing = (int) Math.max(0, count - pool.status().empty());
      if (missing > 0 && missing <= pool.availableBlocks()) {
        demote(tier, pool.beginEvictions(missing));
      }
    }
    return pool.allocateBlocks(count);
  }

  /** Moves victims one tier down, the oldest first so that their order stays; what does not fit is dropped. */
  private void demote(int tier, List<Eviction> victims) {
    int lower = tier + 1;
    BlockPool below = tiers.get(lower).pool();
    int chunk = (int) Math.max(1, below.totalBlocks() / 2);
    for (int from = 0; from < victims.size(); from += chunk) {
      demoteChunk(tier, victims.subList(from, Math.min(victims.size(), from + chunk)));
    }
    victims.forEach(Eviction::finish);
  }

  private void demoteChunk(int tier, List<Eviction> victims) {
    List<ImmutableBlock> blocks = victims.stream().map(Eviction::block).toList();
    List<MutableBlock> targets;
    try {
      targets = allocate(tier + 1, blocks.size());
    } catch (CapacityException e) {
      dropped[tier].add(blocks.size());
      return;
    }
    for (MovedBlock moved : move(tier, tier + 1, blocks, targets)) {
      moved.block().ifPresentOrElse(ImmutableBlock::close, dropped[tier]::increment);
    }
  }

  private List<MovedBlock> move(
      int from, int to, List<ImmutableBlock> blocks, List<MutableBlock> targets) {
    long start = clock.nanoTime();
    List<MovedBlock> moved =
        mover
            .move(tiers.get(from), blocks, tiers.get(to), targets, TransferOptions.DEFAULT)
            .await();
    RouteCounters counters = routes.get(routeName(from, to));
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
