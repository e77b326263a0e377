package io.kvbm.core.onboard;

import io.kvbm.api.BackendException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.ErrorKind;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.core.cost.Flight;
import io.kvbm.core.cost.RouteCosts;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.BlockMover;
import io.kvbm.core.tier.LocatedBlock;
import io.kvbm.core.tier.MoveHandle;
import io.kvbm.core.tier.MovedBlock;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.time.Cancellable;
import io.kvbm.core.time.Deadlines;
import io.kvbm.core.transfer.TransferLimits;
import io.kvbm.core.transfer.TransferOptions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Every block on its way up, once, whoever waits for it; and the routes they take, each with a few
 * batches in flight. Nothing foreign is called under the lock. Threading: safe from any thread.
 */
final class LoadTable {

  private static final int LARGEST_BATCH = 16;

  /** The first blocks of a short sequence arrive one after the other rather than all at the end. */
  private static final int SMALLEST_BATCH = 4;

  private final Tier top;
  private final BlockMover mover;
  private final TargetRoom room;
  private final Residence residence;
  private final RouteCosts costs;
  private final Executor executor;
  private final OnboardCounters counters;
  private final int largestBatch;

  /** How many blocks of a tier may be on their way at once. */
  private final IntUnaryOperator shares;

  private final int mostBatches;
  private final long stallNanos;
  private final Deadlines deadlines;

  /** Blocks of the top tier that batches hold which the routes go on without. */
  private long blocksWrittenOff;

  /** Stalled, and still in the way, as enough others are written off. */
  private final Set<LoadBatch> stuck = new LinkedHashSet<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<BlockKey, Load> loads = new HashMap<>();
  private final List<LoadRoute> routes = new ArrayList<>();
  private long sequence;

  LoadTable(
      List<Tier> tiers,
      BlockMover mover,
      TransferLimits limits,
      TargetRoom room,
      Residence residence,
      RouteCosts costs,
      IntUnaryOperator shares,
      Executor executor,
      Deadlines deadlines,
      OnboardCounters counters) {
    this.deadlines = deadlines;
    this.stallNanos = limits.stallNanos();
    this.top = tiers.getFirst();
    this.mover = mover;
    this.room = room;
    this.residence = residence;
    this.costs = costs;
    this.shares = shares;
    this.executor = executor;
    this.counters = counters;
    // What one route has in flight fits its lane, so that starting a batch waits for nobody.
    this.largestBatch =
        Math.min(LARGEST_BATCH, Math.min(limits.maxBatchBlocks(), limits.maxQueuedBlocks()));
    this.mostBatches =
        Math.clamp(limits.maxQueuedBlocks() / largestBatch, 1, limits.maxBatchesInFlight());
    for (int i = 0; i < tiers.size(); i++) {
      Tier tier = tiers.get(i);
      routes.add(new LoadRoute(i, tier, RouteCosts.routeName(tier.name(), top.name())));
    }
  }

  String routeName(int tier) {
    return routes.get(tier).name;
  }

  /**
   * {@return how many of some blocks may be loaded: those before the first whose route has stopped}
   */
  int countPassable(List<LocatedBlock> blocks, int limit) {
    lock.lock();
    try {
      for (int i = 0; i < limit; i++) {
        if (routes.get(blocks.get(i).tier()).hasStopped()) {
          return i;
        }
      }
      return limit;
    } finally {
      lock.unlock();
    }
  }

  /** {@return how many of some blocks have room in the top tier; what is under way has its own} */
  int countWithRoom(List<LocatedBlock> blocks, int limit) {
    long left = top.pool().availableBlocks();
    lock.lock();
    try {
      for (int i = 0; i < limit; i++) {
        LocatedBlock block = blocks.get(i);
        if (block.tier() > 0 && !loads.containsKey(block.block().key()) && --left < 0) {
          return i;
        }
      }
      return limit;
    } finally {
      lock.unlock();
    }
  }

  /** Loads a block, or joins who does. Takes over the block. */
  void want(LocatedBlock block, Load.Waiter waiter, long priority) {
    if (join(block, waiter, priority)) {
      block.block().close();
      return;
    }
    Optional<ImmutableBlock> present = top.pool().find(block.block().key());
    if (present.isPresent()) { // raised since it was found
      block.block().close();
      if (!waiter.request().arrived(waiter.index(), present.get())) {
        present.get().close();
      }
    } else if (!joinOrAdd(block, waiter, priority)) {
      block.block().close();
    }
  }

  private boolean join(LocatedBlock block, Load.Waiter waiter, long priority) {
    lock.lock();
    try {
      Load load = loads.get(block.block().key());
      if (load == null) {
        return false;
      }
      counters.coalesced.increment();
      load.waiters.add(waiter);
      waiter.request().joined.add(load);
      if (priority > load.priority) {
        hurry(load, priority);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void hurry(Load load, long priority) {
    LoadRoute route = routes.get(load.tier);
    boolean queued = route.queue.remove(load);
    load.priority = priority;
    if (queued) {
      route.queue.add(load);
    }
  }

  /** {@return whether the block was taken over} */
  private boolean joinOrAdd(LocatedBlock block, Load.Waiter waiter, long priority) {
    lock.lock();
    try {
      if (join(block, waiter, priority)) {
        return false;
      }
      Load load = add(block, false, priority);
      load.waiters.add(waiter);
      waiter.request().joined.add(load);
      return true;
    } finally {
      lock.unlock();
    }
  }

  private Load add(LocatedBlock block, boolean isProbe, long priority) {
    Load load = new Load(block.tier(), block.block(), isProbe, priority, sequence++);
    loads.put(load.key, load);
    LoadRoute route = routes.get(load.tier);
    route.queue.add(load);
    costs.addWaiting(route.name, blockByteSize());
    return load;
  }

  private long blockByteSize() {
    return top.pool().shape().blockByteSize();
  }

  /** Loads a block with nobody waiting, after all others. {@return whether it was taken over} */
  boolean probe(LocatedBlock block) {
    lock.lock();
    try {
      LoadRoute route = routes.get(block.tier());
      if (route.hasStopped() || loads.containsKey(block.block().key())) {
        return false;
      }
      add(block, true, Long.MIN_VALUE);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Starts what may start, on the executor: making room may take long. */
  void startAll() {
    for (LoadRoute route : routes) {
      if (hasQueued(route)) {
        execute(() -> pump(route));
      }
    }
  }

  private boolean hasQueued(LoadRoute route) {
    lock.lock();
    try {
      return !route.queue.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  void execute(Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException _) {
      task.run(); // The executor ended before us: better here than never.
    }
  }

  /**
   * One thread at a time starts batches along a route; those that come meanwhile leave it another
   * round. So batches that end at once do not nest.
   */
  private void pump(LoadRoute route) {
    if (route.pumps.getAndIncrement() != 0) {
      return;
    }
    int seen;
    do {
      seen = route.pumps.get();
      while (startTogether(route, 1)) {
        startTogether(route, Integer.MAX_VALUE);
      }
    } while (route.pumps.addAndGet(-seen) != 0);
  }

  /**
   * Starts up to so many batches one right after the other, once there is room for all: making room
   * takes a lower tier longer than starting does, and what it is read from is idle meanwhile. The
   * first batch of a route goes alone, so that it is under way while room is made for the others.
   *
   * @return whether there was any
   */
  private boolean startTogether(LoadRoute route, int most) {
    List<Prepared> prepared = new ArrayList<>();
    boolean any = false;
    for (int i = 0; i < most; i++) {
      LoadBatch batch = take(route);
      if (batch == null) {
        break;
      }
      any = true;
      prepare(batch).ifPresent(prepared::add);
    }
    prepared.forEach(this::start);
    return any;
  }

  private @Nullable LoadBatch take(LoadRoute route) {
    lock.lock();
    try {
      int share = share(route);
      int free = most(route) - route.batchesInFlight;
      if (free <= 0 || route.queue.isEmpty()) {
        return null;
      }
      int even = Math.ceilDiv(route.queue.size(), free);
      int count = Math.min(share, Math.min(largestBatch, Math.max(SMALLEST_BATCH, even)));
      List<Load> taken = new ArrayList<>(count);
      LoadBatch batch = new LoadBatch(route, taken);
      while (taken.size() < count && !route.queue.isEmpty()) {
        Load load = route.queue.remove();
        load.batch = batch;
        taken.add(load);
      }
      costs.addWaiting(route.name, -taken.size() * blockByteSize());
      route.batchesInFlight++;
      return batch;
    } finally {
      lock.unlock();
    }
  }

  private int share(LoadRoute route) {
    return Math.max(1, shares.applyAsInt(route.tier));
  }

  /** How many batches a route may have in flight. */
  private int most(LoadRoute route) {
    return Math.min(mostBatches, Math.ceilDiv(share(route), SMALLEST_BATCH));
  }

  /** Makes room for a batch; empty if it has ended, as there is none. */
  private Optional<Prepared> prepare(LoadBatch batch) {
    List<MutableBlock> targets;
    try {
      targets = makeRoom(batch);
    } catch (RuntimeException e) {
      end(batch, List.of(), failed(batch, e));
      return Optional.empty();
    }
    if (batch.loads.isEmpty()) {
      end(batch, List.of(), List.of());
      return Optional.empty();
    }
    return Optional.of(new Prepared(batch, targets));
  }

  /** A batch and the blocks it goes into. */
  private record Prepared(LoadBatch batch, List<MutableBlock> targets) {}

  private void start(Prepared prepared) {
    LoadBatch batch = prepared.batch();
    List<MutableBlock> targets = prepared.targets();
    Flight flight = costs.begin(batch.route.name, batch.loads.size() * blockByteSize());
    MoveHandle move;
    try {
      move =
          mover.move(
              batch.route.source,
              batch.sources(),
              top,
              targets,
              TransferOptions.DEFAULT.withPriority(batch.priority()));
    } catch (RuntimeException e) {
      BlockPool.closeAll(targets);
      flight.end(0);
      end(batch, List.of(), failed(batch, e));
      return;
    }
    if (attach(batch, move)) {
      move.cancel();
    }
    watch(batch);
    move.results()
        .whenComplete(
            (results, _) -> { // never exceptionally
              flight.end(count(results));
              end(batch, results, List.of());
            });
  }

  /** Allocates targets; loads without one leave the batch. */
  private List<MutableBlock> makeRoom(LoadBatch batch) {
    int wanted = batch.loads.size();
    List<MutableBlock> targets;
    try {
      targets = room.allocateUpTo(wanted);
    } catch (CapacityException _) {
      targets = List.of();
    }
    int count = Math.min(wanted, targets.size());
    BlockPool.closeAll(targets.subList(count, targets.size()));
    if (count < wanted) {
      refuse(batch, count);
    }
    return targets.subList(0, count);
  }

  private void refuse(LoadBatch batch, int from) {
    List<Load> refused;
    List<List<Load.Waiter>> waiters;
    lock.lock();
    try {
      refused = List.copyOf(batch.loads.subList(from, batch.loads.size()));
      batch.loads = List.copyOf(batch.loads.subList(0, from));
      waiters = refused.stream().map(this::settle).toList();
    } finally {
      lock.unlock();
    }
    BlockPool.closeAll(refused.stream().map(load -> load.source).toList());
    for (int i = 0; i < refused.size(); i++) {
      miss(waiters.get(i), new Missing.NoRoom(refused.get(i).key));
    }
  }

  /** Takes a load out of the table: from here on a request for its block begins another. */
  private List<Load.Waiter> settle(Load load) {
    loads.remove(load.key, load);
    List<Load.Waiter> waiters = List.copyOf(load.waiters);
    load.waiters.clear();
    waiters.forEach(waiter -> waiter.request().joined.remove(load));
    return waiters;
  }

  /** {@return whether the batch was cancelled before its movement was known} */
  private boolean attach(LoadBatch batch, MoveHandle move) {
    lock.lock();
    try {
      batch.move = move;
      return batch.isCancelled;
    } finally {
      lock.unlock();
    }
  }

  private long count(List<MovedBlock> results) {
    long moved = 0;
    for (MovedBlock result : results) {
      moved += result.outcome() instanceof BlockOutcome.Done(long byteSize) ? byteSize : 0;
    }
    counters.loadedBytes.add(moved);
    return moved;
  }

  /** One failed result for each block of a batch that could not start. */
  private static List<MovedBlock> failed(LoadBatch batch, RuntimeException error) {
    KvbmException cause =
        error instanceof KvbmException known
            ? known
            : new BackendException(
                ErrorCode.OPERATION_FAILED, "a load could not be started: " + error, error);
    MovedBlock result = new MovedBlock(new BlockOutcome.Failed(cause), Optional.empty());
    return batch.loads.stream().map(_ -> result).toList();
  }

  /** Gives back what a batch held and hands out what it brought. One of the lists is empty. */
  private void end(LoadBatch batch, List<MovedBlock> moved, List<MovedBlock> notStarted) {
    boolean started = !moved.isEmpty();
    List<MovedBlock> results = started ? moved : notStarted;
    giveBackSources(batch, results, started);
    List<List<Load.Waiter>> waiters;
    lock.lock();
    try {
      waiters = batch.loads.stream().map(this::settle).toList();
      batch.hasEnded = true;
      if (batch.stallAlarm != null) {
        batch.stallAlarm.cancel();
      }
      stuck.remove(batch);
      if (batch.isWrittenOff) {
        blocksWrittenOff -= batch.loads.size();
        List.copyOf(stuck).forEach(this::writeOff);
      } else {
        batch.route.batchesInFlight--;
        batch.route.batchesOverdue -= batch.isOverdue ? 1 : 0;
      }
    } finally {
      lock.unlock();
    }
    for (int i = 0; i < results.size(); i++) {
      handOut(batch.loads.get(i), results.get(i), waiters.get(i));
    }
    batch.drained.complete(null);
    if (batch.isWrittenOff) { // another may be given up in its place, along any route
      startAll();
    } else if (hasQueued(batch.route)) {
      execute(() -> pump(batch.route));
    }
  }

  /**
   * The copies above are in use until all sources are given back, so that none is moved down again
   * into the place of its source.
   */
  private void giveBackSources(LoadBatch batch, List<MovedBlock> results, boolean started) {
    BlockPool pool = batch.route.source.pool();
    List<ImmutableBlock> raised = new ArrayList<>(results.size());
    List<ImmutableBlock> unused = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      ImmutableBlock source = batch.loads.get(i).source;
      BlockOutcome outcome = results.get(i).outcome();
      if (outcome.isDone()) {
        raised.add(source);
      } else if (started && isLost(outcome)) {
        pool.remove(source);
      } else {
        unused.add(source);
      }
    }
    residence.raised(batch.route.tier, raised);
    BlockPool.closeAll(unused);
  }

  /** Whether trying again is of no use: other bytes, none, or an error of the tier's device. */
  private static boolean isLost(BlockOutcome outcome) {
    return outcome instanceof BlockOutcome.Failed failed
        && switch (failed.cause().kind()) {
          case CORRUPTION, BACKEND -> true;
          case CALLER -> failed.cause().code() == ErrorCode.NOT_FOUND;
          default -> false;
        };
  }

  private void handOut(Load load, MovedBlock result, List<Load.Waiter> waiters) {
    switch (result.outcome()) {
      case BlockOutcome.Done _ -> arrive(load, result.block().orElseThrow(), waiters);
      case BlockOutcome.Cancelled _ -> miss(waiters, new Missing.Cancelled(load.key));
      case BlockOutcome.Failed(KvbmException cause) -> {
        if (cause.code().kind() == ErrorKind.CORRUPTION) {
          counters.corrupt.increment();
          miss(waiters, new Missing.Corrupt(load.key, cause));
        } else {
          counters.failed.increment();
          miss(waiters, new Missing.Failed(load.key, cause));
        }
      }
    }
  }

  private void arrive(Load load, ImmutableBlock block, List<Load.Waiter> waiters) {
    boolean wanted = load.isProbe;
    for (int i = 0; i < waiters.size(); i++) {
      Load.Waiter waiter = waiters.get(i);
      // The last one gets the block itself: whoever learns of its end finds nothing of ours in use.
      ImmutableBlock own = i + 1 < waiters.size() ? block.share() : block;
      if (waiter.request().arrived(waiter.index(), own)) {
        wanted = true;
      } else {
        own.close();
      }
    }
    if (waiters.isEmpty()) {
      block.close();
    }
    if (!wanted) {
      counters.late.increment();
    }
  }

  private static void miss(List<Load.Waiter> waiters, Missing reason) {
    waiters.forEach(waiter -> waiter.request().missed(waiter.index(), reason));
  }

  /**
   * A request has ended: what nobody else waits for is not started any more, and stopped where the
   * end says so.
   *
   * @return completes when what was in flight for it alone is not
   */
  CompletionStage<Void> abandon(OnboardRequest request, OnboardRequest.End end) {
    List<ImmutableBlock> unused = new ArrayList<>();
    Set<LoadBatch> inFlight = new LinkedHashSet<>();
    List<MoveHandle> stopped = new ArrayList<>();
    lock.lock();
    try {
      for (Load load : List.copyOf(request.joined)) {
        load.waiters.removeIf(waiter -> waiter.request() == request);
        LoadBatch batch = load.batch;
        if (batch == null && !load.isWanted()) {
          LoadRoute route = routes.get(load.tier);
          if (route.queue.remove(load)) {
            costs.addWaiting(route.name, -blockByteSize());
            loads.remove(load.key, load);
            unused.add(load.source);
          }
        } else if (batch != null) {
          leave(batch, load, end, inFlight);
        }
      }
      request.joined.clear();
      if (end.stopsLoads()) {
        inFlight.forEach(batch -> stop(batch, stopped));
      }
    } finally {
      lock.unlock();
    }
    BlockPool.closeAll(unused);
    stopped.forEach(MoveHandle::cancel);
    return CompletableFuture.allOf(
        inFlight.stream().map(batch -> batch.drained).toArray(CompletableFuture<?>[]::new));
  }

  private static void leave(
      LoadBatch batch, Load load, OnboardRequest.End end, Set<LoadBatch> inFlight) {
    if (!load.isWanted()) {
      inFlight.add(batch);
    }
    if (end.isOverdue()) {
      markOverdue(batch);
    }
  }

  private static void markOverdue(LoadBatch batch) {
    if (!batch.isOverdue) {
      batch.isOverdue = true;
      batch.route.batchesOverdue++;
    }
  }

  private void watch(LoadBatch batch) {
    if (stallNanos == 0) {
      return;
    }
    Cancellable alarm;
    try {
      alarm = deadlines.scheduleAfter(stallNanos, () -> execute(() -> stalled(batch)));
    } catch (ClosedException _) {
      return; // closing waits for nothing that stalls
    }
    lock.lock();
    try {
      if (!batch.hasEnded) {
        batch.stallAlarm = alarm;
        return;
      }
    } finally {
      lock.unlock();
    }
    alarm.cancel();
  }

  /**
   * A batch has taken too long. Who waits for it is told, who wants its blocks begins other loads,
   * and the route goes on without it as long as not too many are given up. Where it does not, and
   * nothing else moves along it, nothing more is to be expected of what is queued.
   */
  private void stalled(LoadBatch batch) {
    LoadRoute route = batch.route;
    List<Load> hopeless = new ArrayList<>();
    List<Load> unstarted = List.of();
    List<List<Load.Waiter>> waiters;
    lock.lock();
    try {
      if (batch.hasEnded || batch.isStalled) {
        return;
      }
      batch.isStalled = true;
      markOverdue(batch);
      stuck.add(batch);
      writeOff(batch);
      hopeless.addAll(batch.loads);
      if (isStuck(route)) {
        unstarted = List.copyOf(route.queue);
        route.queue.clear();
        costs.addWaiting(route.name, -unstarted.size() * blockByteSize());
        hopeless.addAll(unstarted);
      }
      waiters = hopeless.stream().map(this::settle).toList();
    } finally {
      lock.unlock();
    }
    BlockPool.closeAll(unstarted.stream().map(load -> load.source).toList());
    for (int i = 0; i < hopeless.size(); i++) {
      miss(waiters.get(i), new Missing.Failed(hopeless.get(i).key, stalledAlong(route)));
    }
    startAll();
  }

  /** Whether all that may be in flight along a route at once has stalled. */
  private boolean isStuck(LoadRoute route) {
    long inTheWay = stuck.stream().filter(batch -> batch.route == route).count();
    return inTheWay > 0
        && inTheWay == route.batchesInFlight
        && route.batchesInFlight >= most(route);
  }

  private TransientException stalledAlong(LoadRoute route) {
    return new TransientException(
        ErrorCode.STALLED,
        "a load along %s has not moved for %d ms; compute the block"
            .formatted(route.name, stallNanos / 1_000_000));
  }

  /**
   * The route goes on without a batch that has stalled, unless more than an eighth of either tier
   * would be given up like that.
   */
  private void writeOff(LoadBatch batch) {
    long blocks = blocksWrittenOff + batch.loads.size();
    long most = Math.min(top.pool().totalBlocks(), batch.route.source.pool().totalBlocks()) / 8;
    if (blocks <= most) {
      stuck.remove(batch);
      batch.isWrittenOff = true;
      blocksWrittenOff = blocks;
      batch.route.batchesInFlight--;
      batch.route.batchesOverdue--;
    }
  }

  /** Who comes from here on begins another load: these may end as cancelled. */
  private void stop(LoadBatch batch, List<MoveHandle> stopped) {
    if (batch.isCancelled || batch.isWanted()) {
      return;
    }
    batch.isCancelled = true;
    batch.loads.forEach(load -> loads.remove(load.key, load));
    MoveHandle move = batch.move;
    if (move != null) {
      stopped.add(move);
    }
  }
}
