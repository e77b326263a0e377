package io.kvbm.core.offload;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.spi.Clock;
import io.kvbm.core.tier.BlockMover;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.time.Deadlines;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Copies registered blocks from tiers to lower ones in the background: those it is asked to copy
 * and, where the {@link WritePolicy} of an edge says so, those it is told were registered. What was
 * copied counts as registered in its new tier, so it may go on down.
 *
 * <p>Each edge has a queue, ordered by priority and then age, and limits on what is queued and in
 * flight. A queued block is not kept in use: evicted before its turn, it is left out. It is in use
 * from the moment its batch starts until its copy is made. A key that is queued or in flight is not
 * queued again; all who want it get the same result. Blocks that follow each other and blocks of
 * neighbouring slots are copied together where possible.
 *
 * <p>A batch that takes too long has stalled: its blocks fail with {@link ErrorCode#STALLED} and
 * may be queued again, and another one starts in its place. What it uses stays taken until it
 * drains, at most an eighth of either tier like that; beyond it keeps its place, and once every
 * place is taken so, blocks are refused with the same code until a batch ends.
 *
 * <p>Threading: safe from any thread. Batches start on the executor, which may wait there while the
 * transfer engine's queue is full and while room is made in the target; they end on the thread that
 * ends their transfer. Ownership: tiers, mover, executor and deadlines stay the caller's and must
 * outlive this.
 */
public final class Offloader implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(Offloader.class.getName());

  private record Route(CacheLevel source, CacheLevel target) {}

  /** One edge at work. */
  private record Line(EdgeGate gate, OffloadQueue queue) {}

  /** The upper tiers first. */
  private final Map<Route, Line> lines = new LinkedHashMap<>();

  private final Deadlines deadlines;
  private volatile boolean closed;

  /**
   * Creates an offloader whose targets evict what is in the way.
   *
   * @param mover copies blocks
   * @param executor where batches start and continuations of handles run
   * @param clock time
   * @param deadlines ends waits; its time passes like that of the clock
   * @param edges which tiers to copy between, each pair at most once
   * @throws ConfigurationException if a pair comes twice
   */
  public Offloader(
      BlockMover mover,
      Executor executor,
      Clock clock,
      Deadlines deadlines,
      List<OffloadEdge> edges) {
    this(mover, executor, clock, deadlines, edges, null);
  }

  /**
   * Creates an offloader.
   *
   * @param mover copies blocks
   * @param executor where room is made, batches start and continuations of handles run
   * @param clock time
   * @param deadlines ends waits; its time passes like that of the clock
   * @param edges which tiers to copy between, each pair at most once
   * @param room makes room in targets; null where they evict what is in the way
   * @throws ConfigurationException if a pair comes twice
   */
  public Offloader(
      BlockMover mover,
      Executor executor,
      Clock clock,
      Deadlines deadlines,
      List<OffloadEdge> edges,
      @Nullable RoomMaker room) {
    this.deadlines = deadlines;
    List<OffloadEdge> sorted = new ArrayList<>(edges);
    sorted.sort(Comparator.comparing(edge -> edge.source().level()));
    for (OffloadEdge edge : sorted) {
      Line line =
          new Line(new EdgeGate(edge, clock), queue(edge, mover, executor, clock, deadlines, room));
      if (lines.putIfAbsent(route(edge.source(), edge.target()), line) != null) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG,
            "there are two edges %s; give one for each pair of tiers".formatted(edge.route()));
      }
    }
  }

  private OffloadQueue queue(
      OffloadEdge edge,
      BlockMover mover,
      Executor executor,
      Clock clock,
      Deadlines deadlines,
      @Nullable RoomMaker room) {
    return new OffloadQueue(
        edge,
        executor,
        clock,
        deadlines,
        queue -> new EdgeCopier(edge, mover, executor, room, this::registered, queue)::start);
  }

  private static Route route(Tier source, Tier target) {
    return new Route(source.level(), target.level());
  }

  /** {@return the edges, those of the upper tiers first} */
  public List<OffloadEdge> edges() {
    return lines.values().stream().map(line -> line.queue().edge()).toList();
  }

  /**
   * Offers blocks to the tiers below, as the write policies say. Never waits: what finds no room in
   * a queue is left out and counted. Does nothing after the close.
   *
   * @param source the tier in which they were registered
   * @param blocks open blocks of that tier, parents before children; they stay the caller's
   * @throws CallerException if a block is closed or not of that tier; nothing was queued
   */
  public void registered(Tier source, List<ImmutableBlock> blocks) {
    offer(source, blocks, edge -> true);
  }

  /**
   * Counts a sighting of blocks that were found in a tier, for {@link WritePolicy#SELECTIVE}. Other
   * edges are not concerned. Never waits, as {@link #registered}.
   *
   * @param source the tier in which they were found
   * @param blocks open blocks of that tier, in order; they stay the caller's
   * @throws CallerException if a block is closed or not of that tier; nothing was queued
   */
  public void matched(Tier source, List<ImmutableBlock> blocks) {
    offer(source, blocks, edge -> edge.write() == WritePolicy.SELECTIVE);
  }

  private void offer(
      Tier source, List<ImmutableBlock> blocks, Function<OffloadEdge, Boolean> concerned) {
    if (closed || blocks.isEmpty()) {
      return;
    }
    List<Candidate> candidates = null;
    for (Line line : lines.values()) {
      OffloadEdge edge = line.queue().edge();
      if (edge.source().level() == source.level()
          && line.gate().takesUnasked()
          && concerned.apply(edge)) {
        if (candidates == null) {
          candidates = candidates(source, blocks, 0);
        }
        line.queue().offer(candidates, refusals(candidates, line.gate()::refusalUnasked));
      }
    }
  }

  /**
   * Asks for blocks to be copied, whatever the write policy. The admission policy decides all the
   * same.
   *
   * @param source the tier of the blocks
   * @param target the lower tier
   * @param blocks open blocks of the source tier, parents before children; they stay the caller's
   *     and may be closed when the call returns
   * @param options priority, and how long to wait for room in the queue
   * @return the call, begun
   * @throws CallerException with {@link ErrorCode#NO_ROUTE} if there is no edge between the tiers,
   *     with {@link ErrorCode#INVALID_ARGUMENT} if a block is not of the source tier, with {@link
   *     ErrorCode#BLOCK_STATE_INVALID} if one is closed; nothing was queued
   * @throws ClosedException if the offloader is closed
   */
  public OffloadHandle offload(
      Tier source, Tier target, List<ImmutableBlock> blocks, OffloadOptions options) {
    if (closed) {
      throw new ClosedException(
          ErrorCode.CLOSED, "the offloader is closed and copies no more blocks");
    }
    Line line = line(source, target);
    List<Candidate> candidates = candidates(source, blocks, options.priority());
    return line.queue()
        .offload(candidates, refusals(candidates, line.gate()::refusal), options.waitNanos());
  }

  private Line line(Tier source, Tier target) {
    Line line = lines.get(route(source, target));
    if (line == null) {
      throw new CallerException(
          ErrorCode.NO_ROUTE,
          "no edge %s->%s was configured; there are %s"
              .formatted(
                  source.name(), target.name(), edges().stream().map(OffloadEdge::route).toList()));
    }
    return line;
  }

  private static List<Candidate> candidates(
      Tier source, List<ImmutableBlock> blocks, long priority) {
    if (!source.pool().owns(blocks)) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "the blocks to offload are not all of the " + source.name() + " tier");
    }
    return Candidate.of(blocks, priority);
  }

  private static List<@Nullable OffloadResult> refusals(
      List<Candidate> candidates, Function<Candidate, @Nullable OffloadResult> gate) {
    List<@Nullable OffloadResult> refusals = new ArrayList<>(candidates.size());
    for (Candidate candidate : candidates) {
      refusals.add(gate.apply(candidate));
    }
    return refusals;
  }

  /**
   * Waits until nothing is queued or in flight along any edge, the upper tiers first, without
   * regard to interrupts. Blocks that come meanwhile are waited for too, stalled ones not.
   *
   * @param timeoutNanos how long at most
   * @return whether it was so
   */
  public boolean flush(long timeoutNanos) {
    long start = deadlines.nanoTime();
    boolean idle = true;
    for (Line line : lines.values()) {
      idle &= line.queue().awaitIdle(timeoutNanos - (deadlines.nanoTime() - start));
    }
    return idle;
  }

  /**
   * Waits until nothing is queued or in flight along one edge, without regard to interrupts.
   *
   * @param source where it begins
   * @param target where it ends
   * @param timeoutNanos how long at most
   * @return whether it was so
   * @throws CallerException with {@link ErrorCode#NO_ROUTE} if there is no such edge
   */
  public boolean flush(Tier source, Tier target, long timeoutNanos) {
    return line(source, target).queue().awaitIdle(timeoutNanos);
  }

  /**
   * {@return what one edge did}
   *
   * @param source where it begins
   * @param target where it ends
   * @throws CallerException with {@link ErrorCode#NO_ROUTE} if there is no such edge
   */
  public OffloadStatistics statistics(Tier source, Tier target) {
    return line(source, target).queue().statistics();
  }

  /**
   * {@return what each edge did, by route as {@code device->host}, those of the upper tiers first}
   */
  public Map<String, OffloadStatistics> statistics() {
    Map<String, OffloadStatistics> statistics = new LinkedHashMap<>();
    for (Line line : lines.values()) {
      statistics.put(line.queue().edge().route(), line.queue().statistics());
    }
    return statistics;
  }

  /**
   * Takes no more blocks, cancels what is queued and waits for what is in flight, for each edge as
   * long as its limits say. What has not drained by then fails and is left to its transfer, which
   * keeps its blocks until it ends. Every handle has its results when this returns. Later calls do
   * nothing. Not to be called from a continuation on the only thread of the executor.
   */
  @Override
  public void close() {
    closed = true;
    long start = deadlines.nanoTime();
    lines.values().forEach(line -> line.queue().stop());
    for (Line line : lines.values()) {
      OffloadQueue queue = line.queue();
      OffloadEdge edge = queue.edge();
      long left = edge.limits().drainTimeoutNanos() - (deadlines.nanoTime() - start);
      int undrained = queue.drain(left);
      if (undrained > 0) {
        LOG.log(
            System.Logger.Level.WARNING,
            "offload {0}: {1} blocks did not drain in time and are left to their transfers",
            edge.route(),
            undrained);
      }
    }
  }
}
