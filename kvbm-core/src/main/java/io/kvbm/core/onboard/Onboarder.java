package io.kvbm.core.onboard;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.core.cost.Decision;
import io.kvbm.core.cost.LoadGate;
import io.kvbm.core.cost.RouteCosts;
import io.kvbm.core.cost.RoutePlan;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.BlockMover;
import io.kvbm.core.tier.LocatedBlock;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.time.Deadlines;
import io.kvbm.core.transfer.TransferLimits;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Brings the longest prefix of a sequence to the top tier.
 *
 * <p>Blocks that are there are taken into use at once; the others are pulled up in the order of the
 * sequence, in small batches, several at a time along each route. Requests for one block share its
 * load. At its deadline a request ends with what has arrived, whatever its loads do: a block that
 * arrives later stays in the top tier, unused, and what a load needs stays in use until nothing of
 * it moves any more. While a route has two batches that somebody gave up waiting for, it takes no
 * further request: its blocks are {@link Missing.Avoided}.
 *
 * <p>Threading: safe from any thread; {@link #onboard} does not wait. Continuations, consumers and
 * {@link TargetRoom} run on the executor. Ownership: everything given stays the caller's.
 */
public final class Onboarder implements AutoCloseable {

  private final List<Tier> tiers;
  private final Deadlines deadlines;
  private final Residence residence;
  private final LoadGate gate;
  private final LoadTable table;
  private final OnboardCounters counters;
  private final Set<OnboardRequest> running = ConcurrentHashMap.newKeySet();
  private final OnboardRequest.Owner owner = new RequestOwner();
  private volatile boolean closed;

  private Onboarder(Builder builder) {
    this.tiers = List.copyOf(builder.tiers);
    this.deadlines = builder.deadlines;
    this.residence = builder.residence;
    this.gate = builder.gate;
    this.counters = new OnboardCounters(tiers);
    this.table =
        new LoadTable(
            tiers,
            builder.mover,
            builder.limits,
            builder.room,
            residence,
            builder.costs == null ? new RouteCosts(new DeadlineClock(deadlines)) : builder.costs,
            builder.shares,
            builder.executor,
            deadlines,
            counters);
  }

  /**
   * {@return a builder}
   *
   * @param tiers at least one, the fastest first; blocks go to the first
   * @param mover moves blocks
   * @param deadlines ends requests; its time is the onboarder's clock
   * @param executor runs what is not to run on a thread of a transfer
   */
  public static Builder builder(
      List<Tier> tiers, BlockMover mover, Deadlines deadlines, Executor executor) {
    return new Builder(tiers, mover, deadlines, executor);
  }

  /**
   * Brings up the longest prefix of a sequence.
   *
   * @param keys the blocks of the sequence, in order
   * @param options deadline and priority
   * @return the request, begun
   * @throws ClosedException with {@link ErrorCode#CLOSED} if the onboarder is closed
   */
  public Onboarding onboard(List<BlockKey> keys, OnboardOptions options) {
    requireOpen();
    counters.requests.increment();
    List<BlockKey> own = List.copyOf(keys);
    List<LocatedBlock> all = residence.match(own);
    List<LocatedBlock> found = fitting(all);
    OnboardPlan plan;
    try {
      plan = plan(own, all, found.size(), options);
    } catch (RuntimeException e) {
      closeAll(found);
      throw e;
    }
    OnboardRequest request = new OnboardRequest(owner, own, plan.tiers(), plan.reasons());
    running.add(request);
    try {
      arm(request, plan, options);
    } catch (RuntimeException e) {
      closeAll(found);
      request.cancel();
      throw e;
    }
    begin(request, plan, found, options);
    return request;
  }

  /**
   * What the top tier cannot hold at once is not kept in use, so that it makes room for the rest.
   */
  private List<LocatedBlock> fitting(List<LocatedBlock> found) {
    int most = (int) Math.min(found.size(), tiers.getFirst().pool().totalBlocks());
    closeAll(found.subList(most, found.size()));
    return found.subList(0, most);
  }

  private static void closeAll(List<LocatedBlock> found) {
    BlockPool.closeAll(found.stream().map(LocatedBlock::block).toList());
  }

  private void requireOpen() {
    if (closed) {
      throw new ClosedException(
          ErrorCode.CLOSED, "the onboarder is closed and brings up no more blocks");
    }
  }

  private OnboardPlan plan(
      List<BlockKey> keys, List<LocatedBlock> found, int fitting, OnboardOptions options) {
    OnboardPlan plan = new OnboardPlan(keys, found, residence);
    plan.cut(fitting, Missing.NoRoom::new);
    if (isPast(options.deadlineNanos())) {
      plan.cutAtLoads(Missing.Deadline::new);
      return plan;
    }
    plan.cut(table.countPassable(found, plan.limit()), Missing.Avoided::new);
    Decision decision = gate.decide(routePlan(found.subList(0, plan.limit())));
    plan.follow(decision);
    plan.cut(table.countWithRoom(found, plan.limit()), Missing.NoRoom::new);
    return plan;
  }

  private boolean isPast(long deadlineNanos) {
    return deadlineNanos != 0 && deadlines.nanoTime() - deadlineNanos >= 0;
  }

  private RoutePlan routePlan(List<LocatedBlock> found) {
    List<String> routes = new ArrayList<>(found.size());
    for (LocatedBlock block : found) {
      routes.add(block.tier() == 0 ? RoutePlan.PRESENT : table.routeName(block.tier()));
    }
    return new RoutePlan(routes, tiers.getFirst().pool().shape().blockByteSize());
  }

  private void arm(OnboardRequest request, OnboardPlan plan, OnboardOptions options) {
    if (!plan.loads()) {
      return;
    }
    if (options.deadlineNanos() != 0) {
      request.addAlarm(
          deadlines.schedule(
              options.deadlineNanos(), () -> request.end(OnboardRequest.End.DEADLINE)));
    }
    if (plan.patienceNanos() != Long.MAX_VALUE) {
      request.addAlarm(
          deadlines.scheduleAfter(
              plan.patienceNanos(), () -> request.end(OnboardRequest.End.IMPATIENT)));
    }
  }

  private void begin(
      OnboardRequest request, OnboardPlan plan, List<LocatedBlock> found, OnboardOptions options) {
    for (int i = 0; i < plan.limit(); i++) {
      LocatedBlock block = found.get(i);
      if (block.tier() > 0) {
        table.want(block, new Load.Waiter(request, i), options.priority());
      } else if (!request.arrived(i, block.block())) {
        block.block().close();
      }
    }
    for (LocatedBlock block : found.subList(plan.limit(), found.size()).reversed()) {
      if (!plan.isProbe(block) || !table.probe(block)) {
        block.block().close();
      }
    }
    request.begun();
    if (request.hasEnded()) {
      table.abandon(request, OnboardRequest.End.COMPLETE); // it may have ended before it joined
    }
    if (closed) {
      request.cancel();
    }
    if (plan.loads() || plan.probeBlocks() > 0) {
      table.startAll();
    }
  }

  /** {@return what was done since the onboarder was made} */
  public OnboardStatistics statistics() {
    return counters.statistics();
  }

  /** Cancels every request and refuses later ones. What is in flight still ends by itself. */
  @Override
  public void close() {
    closed = true;
    running.forEach(OnboardRequest::cancel);
  }

  private final class RequestOwner implements OnboardRequest.Owner {
    @Override
    public void execute(Runnable task) {
      table.execute(task);
    }

    @Override
    public Map<String, Integer> count(int[] blocksByTier, List<Missing> missing) {
      return counters.count(blocksByTier, missing);
    }

    @Override
    public CompletionStage<Void> ended(OnboardRequest request, OnboardRequest.End end) {
      running.remove(request);
      return table.abandon(request, end);
    }

    @Override
    public int tierCount() {
      return tiers.size();
    }
  }

  /** Collects what an onboarder is made of. For one thread. */
  public static final class Builder {
    private final List<Tier> tiers;
    private final BlockMover mover;
    private final Deadlines deadlines;
    private final Executor executor;
    private TransferLimits limits = TransferLimits.DEFAULT;
    private TargetRoom room;
    private Residence residence;
    private LoadGate gate = plan -> Decision.loadAll(plan.routes().size());
    private @Nullable RouteCosts costs;
    private IntUnaryOperator shares = _ -> Integer.MAX_VALUE;

    private Builder(List<Tier> tiers, BlockMover mover, Deadlines deadlines, Executor executor) {
      if (tiers.isEmpty()) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT, "blocks are brought up to a tier; give at least one");
      }
      this.tiers = tiers;
      this.mover = mover;
      this.deadlines = deadlines;
      this.executor = executor;
      this.room = TargetRoom.of(tiers.getFirst().pool());
      this.residence = new TierResidence(tiers, _ -> false);
    }

    /**
     * Sets the limits of the engine that moves blocks; a route never has more in flight.
     *
     * @param value those of the mover's engine
     * @return this builder
     */
    public Builder limits(TransferLimits value) {
      limits = value;
      return this;
    }

    /**
     * Sets what makes room in the top tier, otherwise {@link TargetRoom#of} its pool.
     *
     * @param value asked before each batch
     * @return this builder
     */
    public Builder room(TargetRoom value) {
      room = value;
      return this;
    }

    /**
     * Sets where blocks are and stay, otherwise a {@link TierResidence} in which blocks stay below.
     *
     * @param value finds blocks
     * @return this builder
     */
    public Builder residence(Residence value) {
      residence = value;
      return this;
    }

    /**
     * Sets what decides how much to load, otherwise everything is.
     *
     * @param value asked by each request
     * @return this builder
     */
    public Builder gate(LoadGate value) {
      gate = value;
      return this;
    }

    /**
     * Sets what is told of every load.
     *
     * @param value the gate's costs
     * @return this builder
     */
    public Builder costs(RouteCosts value) {
      costs = value;
      return this;
    }

    /**
     * Sets how many blocks of a tier may be on their way up at once, otherwise as many as the
     * limits allow. Where what comes up makes room below for what goes down, a small tier that gave
     * up all its blocks at once would lose those.
     *
     * @param value from the index of a tier to a number of blocks; at least one is always allowed
     * @return this builder
     */
    public Builder shares(IntUnaryOperator value) {
      shares = value;
      return this;
    }

    /** {@return the onboarder; the caller closes it} */
    public Onboarder build() {
      return new Onboarder(this);
    }
  }
}
