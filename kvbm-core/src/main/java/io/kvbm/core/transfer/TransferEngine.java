package io.kvbm.core.transfer;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.storage.Lease;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferHandle;
import io.kvbm.api.transfer.Transport;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Moves blocks between storages and stores of any kind.
 *
 * <p>A transport that supports the route moves them directly; where there is none, two transports
 * and a buffer in host memory do. Each route has a queue, ordered by priority and then age, and
 * limits on what is queued and in flight; the end of one batch starts the next. Every block gets
 * exactly one outcome, and the outcomes of a transfer come together, once nothing of it is in
 * flight.
 *
 * <p>Ownership: the engine leases the storages of a transfer until its end, so they may be closed
 * meanwhile; stores must stay open. Threading: safe from any thread. Continuations of {@link
 * TransferHandle#outcomes()} run on the environment's executor, or on the thread that adds them to
 * a transfer that has ended.
 */
public final class TransferEngine implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(TransferEngine.class.getName());

  private record LaneKey(String sourceKind, long sourceId, String targetKind, long targetId) {}

  private final TransferEnvironment environment;
  private final TransferLimits limits;
  private final RouteFinder routes;
  private final Map<LaneKey, Lane> lanes = new ConcurrentHashMap<>();
  private volatile boolean closed;
  private volatile boolean leftBehind;

  /**
   * Creates an engine.
   *
   * @param environment what to run on; stays the caller's
   * @param limits what each route may hold
   */
  public TransferEngine(TransferEnvironment environment, TransferLimits limits) {
    this.environment = Objects.requireNonNull(environment, "environment");
    this.limits = Objects.requireNonNull(limits, "limits");
    this.routes = new RouteFinder(environment, limits.bounceByteSize());
  }

  /** {@return what each route may hold} */
  public TransferLimits limits() {
    return limits;
  }

  /**
   * Moves blocks. Waits while the route's queue is full, otherwise only for short memory copies.
   *
   * @param source where they are
   * @param target where they go; what lies there is undefined until the transfer ends
   * @param moves which, each target slot at most once
   * @param options priority, deadline and layers
   * @return the transfer, begun
   * @throws ConfigurationException if blocks of the two places differ in shape; nothing moved
   * @throws CallerException if slots are out of range, written twice or both read and written
   *     ({@link ErrorCode#INVALID_ARGUMENT}, {@link ErrorCode#INVALID_BLOCK_INDEX}), or if nothing
   *     can move bytes this way ({@link ErrorCode#NO_ROUTE}); nothing moved
   * @throws ClosedException with {@link ErrorCode#PROGRESS_ENGINE_SHUTDOWN} if the engine is closed
   */
  public TransferHandle submit(
      BlockPlace source, BlockPlace target, List<BlockMove> moves, TransferOptions options) {
    return Objects.requireNonNull(begin(source, target, moves, options, true));
  }

  /**
   * Like {@link #submit}, but never waits for room.
   *
   * @param source where the blocks are
   * @param target where they go
   * @param moves which
   * @param options priority, deadline and layers
   * @return the transfer, or empty if the route's queue has no room for all of it; nothing moved
   *     then
   */
  public Optional<TransferHandle> trySubmit(
      BlockPlace source, BlockPlace target, List<BlockMove> moves, TransferOptions options) {
    return Optional.ofNullable(begin(source, target, moves, options, false));
  }

  private @Nullable TransferHandle begin(
      BlockPlace source,
      BlockPlace target,
      List<BlockMove> moves,
      TransferOptions options,
      boolean waits) {
    requireOpen();
    List<BlockMove> own = List.copyOf(moves);
    MoveRules.check(source, target, own, options.layers());
    List<Lease> leases = new ArrayList<>();
    try {
      lease(source, leases);
      lease(target, leases);
      Plan plan = plan(source, target, options.layers());
      return enqueue(own, plan, options, lane(source, target), leases, waits);
    } catch (ClosedException e) {
      Transfer.release(leases);
      if (e.code() != ErrorCode.CLOSED) {
        throw e;
      }
      return new EndedTransfer(Collections.nCopies(own.size(), new BlockOutcome.Failed(e)));
    } catch (RuntimeException e) {
      Transfer.release(leases);
      throw e;
    }
  }

  private @Nullable TransferHandle enqueue(
      List<BlockMove> moves,
      Plan plan,
      TransferOptions options,
      Lane lane,
      List<Lease> leases,
      boolean waits) {
    if (moves.isEmpty()) {
      Transfer.release(leases);
      return new EndedTransfer(List.of());
    }
    Transfer transfer = new Transfer(moves, plan, options, lane, environment.executor(), leases);
    boolean queued = false;
    try {
      queued = lane.enqueue(transfer, false);
      if (!queued && waits) {
        setAlarm(transfer); // it ends the waiting too
        queued = lane.enqueue(transfer, true);
      } else if (queued && transfer.completedCount() < transfer.blockCount()) {
        setAlarm(transfer); // short copies have ended by now and need none
      }
    } finally {
      if (!queued) {
        transfer.abandon();
      }
    }
    return queued ? transfer : null;
  }

  private void setAlarm(Transfer transfer) {
    long deadline = transfer.options().deadlineNanos();
    if (deadline == 0) {
      return;
    }
    try {
      transfer.setAlarm(environment.deadlines().schedule(deadline, transfer::expire));
    } catch (ClosedException e) {
      // Nobody watches deadlines any more. What is in flight goes on, and must not look unstarted.
      LOG.log(System.Logger.Level.DEBUG, "a transfer goes on without its deadline", e);
    }
  }

  /**
   * Copies bytes between two storages and waits for the end.
   *
   * @param source where they are
   * @param sourceOffset the first one
   * @param target where they go
   * @param targetOffset the first one there
   * @param byteSize how many; 0 does nothing
   * @return how many were copied: all
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if a range leaves its storage,
   *     with {@link ErrorCode#INVALID_ARGUMENT} if the ranges overlap, with {@link
   *     ErrorCode#NO_ROUTE} if nothing can move bytes this way; nothing moved
   * @throws ClosedException if a storage or the engine is closed
   * @throws BackendException if the copy failed; the target's bytes are undefined
   */
  public long copy(
      Storage source, long sourceOffset, Storage target, long targetOffset, long byteSize) {
    requireOpen();
    checkRange(source, sourceOffset, byteSize);
    checkRange(target, targetOffset, byteSize);
    if (source == target && Math.abs(sourceOffset - targetOffset) < byteSize) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "bytes [%d, %d + %d) and [%d, %d + %d) of one storage overlap"
              .formatted(
                  sourceOffset, sourceOffset, byteSize, targetOffset, targetOffset, byteSize));
    }
    List<Lease> leases = new ArrayList<>(2);
    TransferHandle handle;
    try {
      leases.add(source.lease());
      leases.add(target.lease());
      if (byteSize == 0) {
        Transfer.release(leases);
        return 0;
      }
      handle = beginCopy(source, sourceOffset, target, targetOffset, byteSize, leases);
    } catch (RuntimeException e) {
      Transfer.release(leases);
      throw e;
    }
    return total(Objects.requireNonNull(handle).await());
  }

  private @Nullable TransferHandle beginCopy(
      Storage source,
      long sourceOffset,
      Storage target,
      long targetOffset,
      long byteSize,
      List<Lease> leases) {
    Lane lane = lane(source.type(), target.type());
    Transport direct = routes.direct(Route.between(source, target));
    if (direct != null) {
      Extent from = new Extent.Run(source, sourceOffset, byteSize, byteSize, 1);
      Extent to = new Extent.Run(target, targetOffset, byteSize, byteSize, 1);
      Plan plan = new Plan.Direct(Hop.copy(direct, from, to));
      return enqueue(
          List.of(BlockMove.of(0, 0)), plan, TransferOptions.DEFAULT, lane, leases, true);
    }
    long chunk = Math.min(byteSize, limits.bounceByteSize() / 2);
    Extent from = new Extent.Run(source, sourceOffset, byteSize, chunk, 1);
    Extent to = new Extent.Run(target, targetOffset, byteSize, chunk, 1);
    RouteFinder.ByHost way = routes.byHost(source.type(), target.type());
    Plan plan =
        new Plan.Bounced(
            host -> Hop.copy(Objects.requireNonNull(way.into()), from, host),
            host -> Hop.copy(Objects.requireNonNull(way.outOf()), host, to),
            way.buffers(),
            chunk,
            1);
    List<BlockMove> moves = new ArrayList<>();
    for (int i = 0; i < Math.ceilDiv(byteSize, chunk); i++) {
      moves.add(BlockMove.of(i, i));
    }
    return enqueue(moves, plan, TransferOptions.DEFAULT, lane, leases, true);
  }

  private static long total(List<BlockOutcome> outcomes) {
    long total = 0;
    for (BlockOutcome outcome : outcomes) {
      switch (outcome) {
        case BlockOutcome.Done(long byteSize) -> total += byteSize;
        case BlockOutcome.Failed failed -> throw failed.cause();
        case BlockOutcome.Cancelled _ ->
            throw new TransientException(
                ErrorCode.CANCELLED, "the copy was cancelled as the transfer engine was closed");
      }
    }
    return total;
  }

  /**
   * {@return whether bytes can be moved from one kind of memory to another, directly or by host
   * memory}
   *
   * @param source where they would be
   * @param target where they would go
   */
  public boolean canTransfer(StorageType source, StorageType target) {
    if (routes.direct(new Route(source, target)) != null) {
      return true;
    }
    try {
      routes.byHost(source, target);
      return true;
    } catch (CallerException _) {
      return false;
    }
  }

  /** {@return blocks that took longer than the limits allow, by route} */
  public Map<String, Long> stalledBlocks() {
    Map<String, Long> stalled = new TreeMap<>();
    lanes.values().forEach(lane -> stalled.merge(lane.name(), lane.stalledBlocks(), Long::sum));
    return stalled;
  }

  /**
   * Cancels what is queued and waits for what is in flight, as long as the limits say. What has not
   * drained then is left behind: whoever waits for it is told with a {@link ClosedException}, and
   * the storages it may still write stay leased. Later calls do nothing.
   *
   * @throws TransientException with {@link ErrorCode#STALLED} if something was left behind
   */
  @Override
  public void close() {
    closed = true;
    lanes.values().forEach(Lane::close);
    long patience = limits.drainNanos();
    for (Lane lane : lanes.values()) {
      patience = lane.awaitIdle(patience);
    }
    int left = lanes.values().stream().mapToInt(Lane::leaveBehind).sum();
    if (left > 0 && !leftBehind) {
      leftBehind = true;
      throw new TransientException(
          ErrorCode.STALLED,
          "%d transfers did not end within %d ms and were left behind; the memory they use stays taken"
              .formatted(left, limits.drainNanos() / 1_000_000));
    }
    if (left == 0) {
      routes.close(); // otherwise its buffers may still be written
    }
  }

  private Plan plan(BlockPlace source, BlockPlace target, LayerRange layers) {
    LayoutConfig shape = source.shape();
    Plan direct = directPlan(source, target, layers);
    if (direct != null) {
      return direct;
    }
    RouteFinder.ByHost way = routes.byHost(typeOf(source), typeOf(target));
    int regions = layers.countIn(shape.numLayers()) * shape.outerDim();
    return new Plan.Bounced(
        into(source, layers, way.into()),
        outOf(target, layers, way.outOf()),
        way.buffers(),
        regions * shape.regionByteSize(),
        regions);
  }

  private @Nullable Plan directPlan(BlockPlace source, BlockPlace target, LayerRange layers) {
    if (source instanceof BlockPlace.Sharded from && target instanceof BlockPlace.Sharded to) {
      long byteSize = from.shape().blockByteSize();
      return new Plan.Direct(new ShardHop(from.workers(), from.set(), to.set(), byteSize));
    }
    if (source instanceof BlockPlace.LaidOut(Layout from)) {
      return switch (target) {
        case BlockPlace.Sharded _ -> null;
        case BlockPlace.LaidOut(Layout to) -> {
          Transport transport = routes.direct(Route.between(from.storage(0), to.storage(0)));
          yield transport == null
              ? null
              : new Plan.Direct(
                  Hop.copy(
                      transport, Extent.Layers.of(from, layers), Extent.Layers.of(to, layers)));
        }
        case BlockPlace.Keyed to ->
            BlockChecksums.isHost(from)
                ? new Plan.Direct(write(Extent.Layers.of(from, layers), to))
                : null;
      };
    }
    return source instanceof BlockPlace.Keyed from
            && target instanceof BlockPlace.LaidOut(Layout to)
            && BlockChecksums.isHost(to)
        ? new Plan.Direct(read(from, Extent.Layers.of(to, layers)))
        : null;
  }

  private static Function<Extent, Hop> into(
      BlockPlace source, LayerRange layers, @Nullable Transport transport) {
    return switch (source) {
      case BlockPlace.LaidOut(Layout layout) -> {
        Extent from = Extent.Layers.of(layout, layers);
        Transport mover = Objects.requireNonNull(transport);
        yield host -> Hop.copy(mover, from, host);
      }
      case BlockPlace.Keyed keyed -> host -> read(keyed, host);
      case BlockPlace.Sharded _ -> throw notByHost();
    };
  }

  private static Function<Extent, Hop> outOf(
      BlockPlace target, LayerRange layers, @Nullable Transport transport) {
    return switch (target) {
      case BlockPlace.LaidOut(Layout layout) -> {
        Extent to = Extent.Layers.of(layout, layers);
        Transport mover = Objects.requireNonNull(transport);
        yield host -> Hop.copy(mover, host, to);
      }
      case BlockPlace.Keyed keyed -> host -> write(host, keyed);
      case BlockPlace.Sharded _ -> throw notByHost();
    };
  }

  private static CallerException notByHost() {
    return new CallerException(ErrorCode.NO_ROUTE, "blocks in shards have no bytes to bounce");
  }

  private static Hop write(Extent source, BlockPlace.Keyed target) {
    BlockStore store = target.store();
    return new Hop.StoreWrite(source, store, target.shape().blockByteSize());
  }

  private static Hop read(BlockPlace.Keyed source, Extent target) {
    return new Hop.StoreRead(source.store(), target, source.shape().blockByteSize());
  }

  private static @Nullable StorageType typeOf(BlockPlace place) {
    return place instanceof BlockPlace.LaidOut(Layout layout) ? layout.storage(0).type() : null;
  }

  private static void lease(BlockPlace place, List<Lease> leases) {
    if (place instanceof BlockPlace.LaidOut(Layout layout)) {
      for (int i = 0; i < layout.storageCount(); i++) {
        leases.add(layout.storage(i).lease());
      }
    }
  }

  private Lane lane(BlockPlace source, BlockPlace target) {
    return lane(source.kind(), idOf(source), target.kind(), idOf(target));
  }

  private Lane lane(StorageType source, StorageType target) {
    return lane(source.kind(), idOf(source), target.kind(), idOf(target));
  }

  private Lane lane(String sourceKind, long sourceId, String targetKind, long targetId) {
    LaneKey key = new LaneKey(sourceKind, sourceId, targetKind, targetId);
    Lane lane = lanes.get(key);
    if (lane == null) {
      lane = lanes.computeIfAbsent(key, this::newLane);
    }
    requireOpen(); // close() closes the lanes it sees after it said so, and it sees this one.
    return lane;
  }

  private Lane newLane(LaneKey key) {
    String name =
        text(key.sourceKind(), key.sourceId()) + "->" + text(key.targetKind(), key.targetId());
    return new Lane(name, limits, environment);
  }

  private static String text(String kind, long id) {
    return id == StorageType.NO_ID ? kind : kind + "(" + id + ")";
  }

  private static long idOf(BlockPlace place) {
    return place instanceof BlockPlace.Sharded sharded ? sharded.set() : idOf(typeOf(place));
  }

  /** Each device has a route of its own; files share one, as their number has no bound. */
  private static long idOf(@Nullable StorageType type) {
    return type != null && type.isDevice() ? type.id() : StorageType.NO_ID;
  }

  private static void checkRange(Storage storage, long offset, long byteSize) {
    if (offset < 0 || byteSize < 0 || offset > storage.byteSize() - byteSize) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "bytes [%d, %d + %d) leave the %s storage of %d bytes"
              .formatted(offset, offset, byteSize, storage.type(), storage.byteSize()));
    }
  }

  private void requireOpen() {
    if (closed) {
      throw Lane.closed();
    }
  }
}
