package io.kvbm.cli.replay;

import io.kvbm.api.CapacityException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.CompleteBlock;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.spi.Clock;
import io.kvbm.cli.trace.Trace;
import io.kvbm.core.onboard.Missing;
import io.kvbm.core.onboard.OnboardOptions;
import io.kvbm.core.onboard.OnboardResult;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.LocatedBlock;
import io.kvbm.core.tiering.TieringEngine;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
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
  private final TieringEngine tiers;
  private final TopBlocks top;
  private final Lineage lineage;
  private final @Nullable Sabotage sabotage;
  private final @Nullable WarmBlocks warm;
  private final ReplayOptions options;
  private final Clock clock;
  private final LongConsumer progress;
  private final boolean disturbed;
  private final int window;
  private final FirstTokens firstTokens;
  private final Map<CacheLevel, Long> hits = new EnumMap<>(CacheLevel.class);
  private long remote;
  private long misses;
  private long wrongBlocks;
  private int hitCount;
  private long lost;
  private long late;
  private long avoided;
  private long waitedNanos;
  private boolean loaded;

  Replay(
      Trace trace,
      TieringEngine tiers,
      TopBlocks top,
      @Nullable Sabotage sabotage,
      @Nullable WarmBlocks warm,
      ReplayOptions options,
      Clock clock,
      boolean disturbed,
      LongConsumer progress) {
    this.trace = trace;
    this.lineage = Lineage.of(trace);
    this.tiers = tiers;
    this.top = top;
    this.sabotage = sabotage;
    this.warm = warm;
    this.options = options;
    this.clock = clock;
    this.disturbed = disturbed;
    this.progress = progress;
    // Copies that stall keep blocks of the top tier taken.
    long whole = tiers.tiers().getFirst().pool().totalBlocks();
    this.window = (int) Math.max(1, disturbed ? whole / 2 : whole);
    this.firstTokens = new FirstTokens(options.recompute());
  }

  /** Runs the whole trace; returns how long it took, in nanoseconds. */
  long run() throws InterruptedException {
    long start = clock.nanoTime();
    for (int request = 0; request < trace.requestCount(); request++) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      awaitArrival(request, start);
      serve(request);
      progress.accept(trace.blockCount(request));
    }
    return clock.nanoTime() - start;
  }

  /** A replay that is behind the trace does not wait. */
  private void awaitArrival(int request, long start) throws InterruptedException {
    if (options.speed() > 0) {
      long recorded = trace.timestampNanos(request) - trace.timestampNanos(0);
      long left = start + (long) (recorded / options.speed()) - clock.nanoTime();
      if (left > 0) {
        TimeUnit.NANOSECONDS.sleep(left);
      }
    }
  }

  /** Serves one request; requests come in rising order. */
  void serve(int request) {
    List<BlockKey> keys = new ArrayList<>(trace.blockCount(request));
    for (int i = 0; i < trace.blockCount(request); i++) {
      keys.add(BlockKey.derived(trace.hash(request, i)));
    }
    boolean prefixGoesOn = true;
    waitedNanos = 0;
    loaded = false;
    int hitsBefore = hitCount;
    for (int from = 0; from < keys.size(); from += window) {
      int to = Math.min(keys.size(), from + window);
      BlockKey parent = from == 0 ? null : keys.get(from - 1);
      prefixGoesOn = serveWindow(request, keys.subList(from, to), parent, prefixGoesOn);
    }
    firstTokens.served(keys.size(), hitCount - hitsBefore, waitedNanos, loaded);
  }

  /** Returns whether every block was found. */
  private boolean serveWindow(
      int request, List<BlockKey> keys, @Nullable BlockKey parent, boolean prefixGoesOn) {
    List<ImmutableBlock> blocks = prefixGoesOn ? bringUp(request, keys) : new ArrayList<>();
    compare(blocks, keys);
    int found = blocks.size();
    hitCount += found;
    misses += keys.size() - found;
    blocks.addAll(
        fill(keys.subList(found, keys.size()), found == 0 ? parent : keys.get(found - 1)));
    BlockPool.closeAll(blocks);
    return found == keys.size();
  }

  /** Brings up what is there, by the deadline; the caller closes it. */
  private List<ImmutableBlock> bringUp(int request, List<BlockKey> keys) {
    if (sabotage != null) {
      List<LocatedBlock> found = tiers.match(keys);
      sabotage.strike(request, found);
      found.reversed().forEach(block -> block.block().close());
    }
    long start = clock.nanoTime();
    long deadline = options.deadlineNanos() == 0 ? 0 : start + options.deadlineNanos();
    OnboardResult result =
        tiers.onboard(keys, OnboardOptions.DEFAULT.withDeadlineNanos(deadline)).await();
    waitedNanos += clock.nanoTime() - start;
    for (int i = 0; i < result.blocks().size(); i++) {
      int source = result.sources().get(i);
      loaded |= source > 0;
      if (source == tiers.tiers().size()) {
        remote++; // it came from another process
        continue;
      }
      CacheLevel level = tiers.tiers().get(source).level();
      hits.merge(level, 1L, Long::sum);
      if (warm != null && level == CacheLevel.DISK) {
        warm.served(keys.get(i));
      }
    }
    for (Missing missing : result.missing()) {
      loaded |= missing instanceof Missing.Deadline || missing instanceof Missing.Failed;
      switch (missing) {
        case Missing.Deadline _ -> late++;
        case Missing.Avoided _ -> avoided++;
        case Missing.Failed _, Missing.Corrupt _, Missing.NoRoom _, Missing.Cancelled _ -> lost++;
        case Missing.Absent _, Missing.Behind _ -> {}
      }
    }
    return new ArrayList<>(result.blocks());
  }

  private void compare(List<ImmutableBlock> blocks, List<BlockKey> keys) {
    List<Integer> wrong = top.wrong(blocks, keys);
    wrongBlocks += wrong.size();
    // Put right, so that each damage counts once.
    if (!wrong.isEmpty()) {
      top.fill(wrong.stream().map(blocks::get).toList(), wrong.stream().map(keys::get).toList());
    }
  }

  private List<ImmutableBlock> fill(List<BlockKey> keys, @Nullable BlockKey before) {
    if (keys.isEmpty()) {
      return List.of();
    }
    long start = clock.nanoTime();
    List<MutableBlock> fresh = allocate(keys.size());
    waitedNanos += clock.nanoTime() - start;
    top.fill(fresh, keys);
    List<CompleteBlock> complete = new ArrayList<>(fresh.size());
    BlockKey parent = before;
    for (int i = 0; i < fresh.size(); i++) {
      BlockKey key = keys.get(i);
      complete.add(fresh.get(i).complete(key, lineage.hasOneParent(key.lo()) ? parent : null));
      parent = key;
    }
    return tiers.register(complete);
  }

  /** Where copies that are late keep too many blocks taken, the rest of a request is not kept. */
  private List<MutableBlock> allocate(int count) {
    int wanted = count;
    while (true) {
      try {
        return tiers.allocate(wanted);
      } catch (CapacityException e) {
        if (!disturbed && options.deadlineNanos() == 0) {
          throw e; // nothing is late that could hold them
        }
        wanted = (int) Math.min(wanted - 1, e.available());
      }
    }
  }

  /** {@return what was counted so far, by the names of the document} */
  Map<String, Long> figures() {
    Map<String, Long> figures = new LinkedHashMap<>();
    for (CacheLevel level : CacheLevel.values()) {
      figures.put(level.text(), hits.getOrDefault(level, 0L));
    }
    figures.put("remote", remote);
    figures.put("misses", misses);
    figures.put("wrongBlocks", wrongBlocks);
    figures.put("lost", lost);
    figures.put("late", late);
    figures.put("avoided", avoided);
    return figures;
  }

  ReplayReport report(long nanos, FaultReport faults) {
    return new ReplayReport(
        trace.name(),
        trace.requestCount(),
        trace.blockCount(),
        Map.copyOf(hits),
        misses,
        wrongBlocks,
        sabotage == null ? 0 : sabotage.count(),
        lost,
        late,
        avoided,
        faults,
        firstTokens,
        tiers.routes(),
        tiers.evictions(),
        tiers.dropped(),
        Warmth.of(warm),
        nanos);
  }
}
