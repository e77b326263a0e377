package io.kvbm.cli.replay;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.CompleteBlock;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.spi.Clock;
import io.kvbm.cli.trace.Trace;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.LocatedBlock;
import io.kvbm.core.tier.TierChain;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Serves the requests of a trace one after another.
 *
 * <p>A request hits its longest prefix over all tiers. What is found is brought to the top tier and
 * compared in full; the rest is allocated, filled and registered. Blocks are returned from the last
 * to the first, so that the end of a conversation is evicted before its beginning. A request larger
 * than the top tier streams through it in windows.
 */
final class Replay {

  private final Trace trace;
  private final TierChain chain;
  private final TopTier top;
  private final Lineage lineage;
  private final @Nullable Sabotage sabotage;
  private final @Nullable WarmBlocks warm;
  private final LongConsumer progress;
  private final int window;
  private final Map<CacheLevel, Long> hits = new EnumMap<>(CacheLevel.class);
  private long misses;
  private long wrongBlocks;
  private long lost;

  Replay(
      Trace trace,
      TierChain chain,
      TopTier top,
      @Nullable Sabotage sabotage,
      @Nullable WarmBlocks warm,
      LongConsumer progress) {
    this.trace = trace;
    this.lineage = Lineage.of(trace);
    this.chain = chain;
    this.top = top;
    this.sabotage = sabotage;
    this.warm = warm;
    this.progress = progress;
    this.window = (int) chain.tiers().getFirst().pool().totalBlocks();
  }

  /** Runs the whole trace; returns how long it took, in nanoseconds. */
  long run(Clock clock) throws InterruptedException {
    long start = clock.nanoTime();
    for (int request = 0; request < trace.requestCount(); request++) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      serve(request);
      progress.accept(trace.blockCount(request));
    }
    return clock.nanoTime() - start;
  }

  private void serve(int request) {
    List<BlockKey> keys = new ArrayList<>(trace.blockCount(request));
    for (int i = 0; i < trace.blockCount(request); i++) {
      keys.add(BlockKey.derived(trace.hash(request, i)));
    }
    boolean prefixGoesOn = true;
    for (int from = 0; from < keys.size(); from += window) {
      int to = Math.min(keys.size(), from + window);
      BlockKey parent = from == 0 ? null : keys.get(from - 1);
      prefixGoesOn = serveWindow(request, keys.subList(from, to), parent, prefixGoesOn);
    }
  }

  /** Returns whether every block was found. */
  private boolean serveWindow(
      int request, List<BlockKey> keys, @Nullable BlockKey parent, boolean prefixGoesOn) {
    List<LocatedBlock> found = prefixGoesOn ? chain.match(keys) : List.of();
    if (sabotage != null) {
      sabotage.strike(request, found);
    }
    List<ImmutableBlock> blocks = new ArrayList<>(chain.promote(found));
    lost += found.size() - blocks.size();
    for (int i = 0; i < blocks.size(); i++) {
      CacheLevel level = chain.tiers().get(found.get(i).tier()).level();
      hits.merge(level, 1L, Long::sum);
      if (warm != null && level == CacheLevel.DISK) {
        warm.served(keys.get(i));
      }
    }
    compare(blocks, keys);
    int hitCount = blocks.size();
    misses += keys.size() - hitCount;
    blocks.addAll(
        fill(keys.subList(hitCount, keys.size()), hitCount == 0 ? parent : keys.get(hitCount - 1)));
    BlockPool.closeAll(blocks);
    return hitCount == keys.size();
  }

  private void compare(List<ImmutableBlock> blocks, List<BlockKey> keys) {
    List<ImmutableBlock> wrong = new ArrayList<>();
    List<BlockKey> wrongKeys = new ArrayList<>();
    top.read(
        blocks,
        keys,
        (index, bytes) -> {
          if (!BlockContent.matches(bytes, keys.get(index).lo())) {
            wrong.add(blocks.get(index));
            wrongKeys.add(keys.get(index));
          }
        });
    wrongBlocks += wrong.size();
    // Put right, so that each damage counts once.
    top.write(
        wrong, wrongKeys, (index, bytes) -> BlockContent.fill(bytes, wrongKeys.get(index).lo()));
  }

  private List<ImmutableBlock> fill(List<BlockKey> keys, @Nullable BlockKey before) {
    if (keys.isEmpty()) {
      return List.of();
    }
    List<MutableBlock> fresh = chain.allocate(keys.size());
    top.write(fresh, keys, (index, bytes) -> BlockContent.fill(bytes, keys.get(index).lo()));
    List<CompleteBlock> complete = new ArrayList<>(fresh.size());
    BlockKey parent = before;
    for (int i = 0; i < fresh.size(); i++) {
      BlockKey key = keys.get(i);
      complete.add(fresh.get(i).complete(key, lineage.hasOneParent(key.lo()) ? parent : null));
      parent = key;
    }
    return chain.register(complete);
  }

  ReplayReport report(long nanos) {
    return new ReplayReport(
        trace.name(),
        trace.requestCount(),
        trace.blockCount(),
        Map.copyOf(hits),
        misses,
        wrongBlocks,
        sabotage == null ? 0 : sabotage.count(),
        lost,
        chain.routes(),
        chain.evictions(),
        chain.dropped(),
        Warmth.of(warm),
        nanos);
  }
}
