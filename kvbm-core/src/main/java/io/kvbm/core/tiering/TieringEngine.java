package io.kvbm.core.tiering;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.ErrorKind;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.block.RegistrableBlock;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.core.cost.CostGate;
import io.kvbm.core.cost.Decision;
import io.kvbm.core.cost.Flight;
import io.kvbm.core.cost.GateMode;
import io.kvbm.core.cost.GateStatistics;
import io.kvbm.core.cost.RouteCosts;
import io.kvbm.core.cost.RoutePlan;
import io.kvbm.core.offload.OffloadEdge;
import io.kvbm.core.offload.OffloadHandle;
import io.kvbm.core.offload.OffloadOptions;
import io.kvbm.core.offload.OffloadStatistics;
import io.kvbm.core.offload.Offloader;
import io.kvbm.core.offload.WritePolicy;
import io.kvbm.core.onboard.Missing;
import io.kvbm.core.onboard.OnboardOptions;
import io.kvbm.core.onboard.OnboardResult;
import io.kvbm.core.onboard.OnboardStatistics;
import io.kvbm.core.onboard.Onboarder;
import io.kvbm.core.onboard.Onboarding;
import io.kvbm.core.onboard.TierResidence;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.retention.Namespaces.Expectation;
import io.kvbm.core.retention.Retention;
import io.kvbm.core.tier.BlockMover;
import io.kvbm.core.tier.LocatedBlock;
import io.kvbm.core.tier.MovedBlock;
import io.kvbm.core.tier.RouteUse;
import io.kvbm.core.tier.SharedBlocks;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.time.Deadlines;
import io.kvbm.core.transfer.TransferOptions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Tiers one below the other as one cache: blocks are registered in the top tier, go down as the
 * edges say, are found in any tier and come up when they are asked for.
 *
 * <p>Along a write-back edge a block is in one tier at a time, so capacities add up: what the upper
 * tier would evict is moved down first, and what comes up leaves the tier it was in. Along other
 * edges a block that was copied down stays there when it comes up, and the upper tier drops what it
 * evicts. Whatever goes wrong on the way is a later miss, never a wrong block, and nobody waits for
 * a route that has stopped moving.
 *
 * <p>Ownership: tiers, mover, executor and deadlines stay the caller's and outlive the engine.
 * Threading: safe from any thread.
 */
public final class TieringEngine implements AutoCloseable {

  private final List<Tier> tiers;
  private final BlockMover mover;
  private final TieringOptions options;
  private final WriteBack writeBack;
  private final Offloader offloader;
  private final TierResidence residence;
  private final Clock clock;
  private final @Nullable Retention retention;
  private final @Nullable RequestListener requests;
  private final @Nullable CostGate gate;
  private final Onboarder onboarder;
  private final Executor executor;
  private final RouteCosts costs;
  private final Map<String, LongAdder> hitsElsewhere = new ConcurrentHashMap<>();
  private final List<PeerSource> sharedStores;
  private volatile @Nullable PeerSource peers;

  /** What blocks of other workers are counted under among the hits of tiers. */
  public static final String REMOTE = "remote";

  /**
   * Creates an engine.
   *
   * @param tiers at least one, the fastest first
   * @param mover moves blocks
   * @param executor runs what is not to run on a thread of a transfer; work there may block
   * @param clock time
   * @param deadlines ends waits; its time passes like that of the clock
   * @param options how the tiers work together
   * @throws ConfigurationException if there is no tier, or more write policies than edges
   */
  public TieringEngine(
      List<Tier> tiers,
      BlockMover mover,
      Executor executor,
      Clock clock,
      Deadlines deadlines,
      TieringOptions options) {
    this(tiers, mover, executor, clock, deadlines, options, null, null);
  }

  /**
   * Creates an engine that keeps to what a retention says, and tells of its requests.
   *
   * @param tiers at least one, the fastest first
   * @param mover moves blocks
   * @param executor runs what is not to run on a thread of a transfer; work there may block
   * @param clock time
   * @param deadlines ends waits; its time passes like that of the clock
   * @param options how the tiers work together
   * @param retention knows what is kept in these tiers; null for nothing
   * @param requests told what each request ended with; null for nobody
   * @throws ConfigurationException if there is no tier, or more write policies than edges
   */
  public TieringEngine(
      List<Tier> tiers,
      BlockMover mover,
      Executor executor,
      Clock clock,
      Deadlines deadlines,
      TieringOptions options,
      @Nullable Retention retention,
      @Nullable RequestListener requests) {
    if (tiers.isEmpty()) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG, "a cache of tiers needs at least one tier");
    }
    if (options.writes().size() >= tiers.size()) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "%d tiers have %d edges between them, %d write policies were given"
              .formatted(tiers.size(), tiers.size() - 1, options.writes().size()));
    }
    if (options.admissions().size() >= tiers.size()) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "%d tiers have %d edges between them, %d admissions were given"
              .formatted(tiers.size(), tiers.size() - 1, options.admissions().size()));
    }
    this.tiers = List.copyOf(tiers);
    this.mover = mover;
    this.options = options;
    this.clock = clock;
    this.retention = retention;
    this.requests = requests;
    offloader = new Offloader(mover, executor, clock, deadlines, edges(), this::makeRoom);
    residence = residence();
    writeBack =
        new WriteBack(
            this.tiers, mover, deadlines, options, retention, residence, offloader::registered);
    this.executor = executor;
    costs = new RouteCosts(clock);
    gate =
        options.gate() == GateMode.OFF
            ? null
            : new CostGate(options.gate(), Objects.requireNonNull(options.recompute()), costs);
    Onboarder.Builder builder =
        Onboarder.builder(this.tiers, mover, deadlines, executor)
            .limits(options.transfers())
            .room(count -> writeBack.allocateUpTo(0, count))
            .residence(residence)
            .shares(this::shareOnTheMove)
            .costs(costs);
    onboarder = (gate == null ? builder : builder.gate(gate)).build();
    sharedStores = sharedStores(deadlines);
  }

  /** Tiers whose stores have blocks of other workers. */
  private List<PeerSource> sharedStores(Deadlines deadlines) {
    List<PeerSource> sources = new ArrayList<>();
    for (int i = 0; i < tiers.size(); i++) {
      Tier tier = tiers.get(i);
      if (tier.pool().store().orElse(null) instanceof SharedBlocks store) {
        int index = i;
        sources.add(
            new SharedStoreSource(
                index,
                tier,
                store,
                count -> makeRoom(tier, count),
                blocks -> registerFetched(index, blocks),
                executor,
                deadlines));
      }
    }
    return List.copyOf(sources);
  }

  /** Below a write-back edge a block that was brought up is one too many, unless it is kept. */
  private TierResidence residence() {
    Retention keeper = retention;
    return keeper == null
        ? new TierResidence(tiers, this::isBelowWriteBack)
        : new TierResidence(
            tiers,
            this::isBelowWriteBack,
            (tier, block) -> {
              try (block) {
                keeper.removeUnlessKept(tier, block.key());
              }
            });
  }

  private boolean isBelowWriteBack(int tier) {
    return tier > 0 && options.write(tier - 1) == WritePolicy.BACK;
  }

  /**
   * Takes as many blocks of a tier as there is room for, after moving down what is in their way
   * along a write-back edge.
   *
   * @param target one of {@link #tiers()}
   * @param count how many at most
   * @return the blocks; the caller closes or registers each
   */
  public List<MutableBlock> makeRoom(Tier target, int count) {
    return writeBack.allocateUpTo(tiers.indexOf(target), count);
  }

  /** What leaves a tier takes in what goes down to make room above: an eighth of it at a time. */
  private int shareOnTheMove(int tier) {
    return isBelowWriteBack(tier)
        ? (int) Math.min(tiers.get(tier).pool().totalBlocks() / 8, Integer.MAX_VALUE)
        : Integer.MAX_VALUE;
  }

  private List<OffloadEdge> edges() {
    List<OffloadEdge> edges = new ArrayList<>();
    for (int upper = 0; upper + 1 < tiers.size(); upper++) {
      if (tiers.get(upper).isMovable() && tiers.get(upper + 1).isMovable()) {
        edges.add(
            new OffloadEdge(
                tiers.get(upper),
                tiers.get(upper + 1),
                options.write(upper),
                options.sightings(),
                options.admission(upper),
                options.offloads().withStallNanos(stallNanos(upper))));
      }
    }
    return edges;
  }

  /** A copy may have to wait for its room as long as what is in the way takes to move down. */
  private long stallNanos(int upper) {
    long stall = options.transfers().stallNanos();
    boolean waits = upper + 2 < tiers.size() && options.write(upper + 1) == WritePolicy.BACK;
    if (stall == 0 || !waits) {
      return stall;
    }
    return stall > Long.MAX_VALUE - options.demotionNanos()
        ? Long.MAX_VALUE
        : stall + options.demotionNanos();
  }

  /** {@return the tiers, the fastest first} */
  public List<Tier> tiers() {
    return tiers;
  }

  /** {@return how the tiers work together} */
  public TieringOptions options() {
    return options;
  }

  /**
   * Finds the longest prefix of a sequence over all tiers, block by block, and takes its blocks
   * into use where they are.
   *
   * @param keys the blocks of the sequence, in order
   * @return the blocks found, in order; the caller closes each
   */
  public List<LocatedBlock> match(List<BlockKey> keys) {
    return residence.match(keys);
  }

  /**
   * Brings the longest prefix of a sequence to the top tier.
   *
   * @param keys the blocks of the sequence, in order
   * @param how deadline and priority
   * @return the request, begun
   */
  public Onboarding onboard(List<BlockKey> keys, OnboardOptions how) {
    RequestListener told = requests;
    if (told == null) {
      return beginShared(keys, how);
    }
    List<BlockKey> own = List.copyOf(keys);
    long start = clock.nanoTime();
    Onboarding onboarding = beginShared(own, how);
    onboarding
        .result()
        .thenAccept(result -> told.ended(own, result, Math.max(0, clock.nanoTime() - start)));
    return onboarding;
  }

  /**
   * Like {@link #onboard}, where nobody uses the blocks yet: the request counts for no listener.
   *
   * @param keys the blocks of the sequence, in order
   * @param how deadline and priority
   * @return the request, begun
   */
  public Onboarding prefetch(List<BlockKey> keys, OnboardOptions how) {
    return begin(keys, how);
  }

  /**
   * Sets where blocks may come from that no tier has; null for nowhere.
   *
   * @param value other workers; stays the caller's, who sets null before it ends
   */
  public void peers(@Nullable PeerSource value) {
    peers = value;
  }

  /** The tiers here first, then peers, then what others left in stores. */
  private Onboarding beginShared(List<BlockKey> keys, OnboardOptions how) {
    PeerSource source = peers;
    if (source == null && sharedStores.isEmpty()) {
      return begin(keys, how);
    }
    List<BlockKey> own = List.copyOf(keys);
    Onboarding onboarding = begin(own, how);
    if (source != null) {
      onboarding = shared(onboarding, own, source, how);
    }
    for (PeerSource store : sharedStores) {
      onboarding = shared(onboarding, own, store, how);
    }
    return onboarding;
  }

  private Onboarding shared(
      Onboarding before, List<BlockKey> keys, PeerSource source, OnboardOptions how) {
    return new SharedOnboarding(before, keys, new FromPeers(source, how), executor).start();
  }

  /** The remainder of one request. */
  private final class FromPeers implements SharedOnboarding.Peers {
    private final PeerSource source;
    private final OnboardOptions how;
    private final String route;

    FromPeers(PeerSource source, OnboardOptions how) {
      this.source = source;
      this.how = how;
      this.route = RouteCosts.routeName(source.name(), tiers.getFirst().name());
    }

    @Override
    public String name() {
      return source.name();
    }

    @Override
    public int sourceIndex() {
      return tiers.size();
    }

    @Override
    public @Nullable PeerLoad load(List<BlockKey> keys, OnboardResult local) {
      int from = local.blocks().size();
      boolean isLost =
          from == keys.size() || !(local.missing().getFirst() instanceof Missing.Absent);
      if (isLost || !source.mayHave(keys, from)) {
        return null;
      }
      int end = wanted(keys, from);
      return end <= from ? null : measured(keys.subList(0, end), from);
    }

    /** What the gate lets come; a block or two it would only like to measure come unasked. */
    private int wanted(List<BlockKey> keys, int from) {
      CostGate decides = gate;
      if (decides == null) {
        return keys.size();
      }
      List<String> routes = new ArrayList<>(Collections.nCopies(from, RoutePlan.PRESENT));
      routes.addAll(Collections.nCopies(keys.size() - from, route));
      Decision decision = decides.decide(new RoutePlan(routes, blockByteSize()));
      int end = Math.clamp(decision.loadBlocks(), 0, keys.size());
      if (end <= from && decision.probeBlocks() > 0) {
        int probe = Math.min(keys.size(), from + decision.probeBlocks());
        measured(keys.subList(0, probe), from).blocks().thenAccept(BlockPool::closeAll);
      }
      return end;
    }

    private long blockByteSize() {
      return tiers.getFirst().pool().shape().blockByteSize();
    }

    private PeerLoad measured(List<BlockKey> keys, int from) {
      Flight flight = costs.begin(route, (keys.size() - from) * blockByteSize());
      PeerLoad load;
      try {
        load = source.load(keys, from, how.deadlineNanos());
      } catch (RuntimeException e) {
        flight.end(0);
        throw e;
      }
      load.blocks()
          .whenComplete(
              (blocks, error) -> flight.end(error == null ? blocks.size() * blockByteSize() : 0));
      return load;
    }

    @Override
    public List<ImmutableBlock> raise(List<ImmutableBlock> blocks) {
      int tier = source.targetTier();
      List<ImmutableBlock> top = tier == 0 ? blocks : raiseFrom(tiers.get(tier), blocks);
      hitsElsewhere.computeIfAbsent(source.name(), _ -> new LongAdder()).add(top.size());
      return top;
    }

    private List<ImmutableBlock> raiseFrom(Tier tier, List<ImmutableBlock> blocks) {
      Tier target = tiers.getFirst();
      List<MovedBlock> moved;
      try {
        moved =
            mover
                .move(
                    tier,
                    blocks,
                    target,
                    count -> makeRoom(target, count),
                    TransferOptions.DEFAULT.withDeadlineNanos(how.deadlineNanos()))
                .await();
        forgetLost(tier, blocks, moved);
      } finally {
        BlockPool.closeAll(blocks);
      }
      List<ImmutableBlock> prefix = new ArrayList<>();
      boolean ended = false;
      for (MovedBlock one : moved) {
        ended |= one.block().isEmpty();
        if (!ended) {
          prefix.add(one.block().orElseThrow());
        } else {
          one.block().ifPresent(ImmutableBlock::close);
        }
      }
      return prefix;
    }
  }

  /** What a store turns out not to have, or to have damaged, leaves its tier. */
  private static void forgetLost(Tier tier, List<ImmutableBlock> blocks, List<MovedBlock> moved) {
    for (int i = 0; i < moved.size(); i++) {
      if (tier.pool().store().isPresent()
          && moved.get(i).outcome() instanceof BlockOutcome.Failed(KvbmException cause)
          && (cause.kind() == ErrorKind.CORRUPTION || cause.code() == ErrorCode.NOT_FOUND)) {
        tier.pool().remove(blocks.get(i).share());
      }
    }
  }

  /**
   * Registers blocks that came from another worker, as {@link #register} does.
   *
   * @param tier the index of their tier
   * @param blocks complete blocks of it; consumed
   * @return the registered blocks; the caller closes each
   */
  public List<ImmutableBlock> registerFetched(int tier, List<? extends RegistrableBlock> blocks) {
    if (tier == 0) {
      return register(blocks);
    }
    List<ImmutableBlock> registered = tiers.get(tier).pool().registerBlocks(blocks);
    offloader.registered(tiers.get(tier), registered);
    return registered;
  }

  private Onboarding begin(List<BlockKey> keys, OnboardOptions how) {
    List<BlockKey> own = List.copyOf(keys);
    Expectation expected = retention == null ? Expectation.NONE : retention.expect(0, own);
    Onboarding onboarding;
    try {
      onboarding = onboarder.onboard(own, how);
    } catch (RuntimeException e) {
      expected.close();
      throw e;
    }
    if (expected != Expectation.NONE) {
      onboarding.result().thenRun(expected::close);
    }
    if (tiers.size() > 1 && takesUnasked(options.write(0))) {
      onboarding.result().thenAccept(result -> goDown(own, result));
    }
    return onboarding;
  }

  private static boolean takesUnasked(WritePolicy write) {
    return write == WritePolicy.THROUGH || write == WritePolicy.SELECTIVE;
  }

  /**
   * What was brought up counts as registered in the top tier. What was there has been, and is only
   * seen once more, which matters where sightings count.
   */
  private void goDown(List<BlockKey> keys, OnboardResult result) {
    boolean countsSightings = options.write(0) == WritePolicy.SELECTIVE;
    List<ImmutableBlock> open = new ArrayList<>();
    for (int i = 0; i < result.blocks().size(); i++) {
      if (countsSightings || result.sources().get(i) > 0) {
        // The result's are the caller's, who may close them any time.
        tiers.getFirst().pool().find(keys.get(i)).ifPresent(open::add);
      }
    }
    try {
      offloader.registered(tiers.getFirst(), open);
    } finally {
      open.reversed().forEach(ImmutableBlock::close);
    }
  }

  /**
   * Takes blocks of the top tier to be filled, after moving down what is in their way.
   *
   * @param count how many
   * @return the blocks; the caller closes or registers each
   * @throws CapacityException if there are too few that nobody uses; nothing was taken
   */
  public List<MutableBlock> allocate(int count) {
    return writeBack.allocate(0, count);
  }

  /**
   * Registers blocks of the top tier, has them copied down where edges say so, and takes copies of
   * them out of tiers that are to have none.
   *
   * @param blocks complete blocks of the top tier; consumed
   * @return the registered blocks; the caller closes each
   */
  public List<ImmutableBlock> register(List<? extends RegistrableBlock> blocks) {
    List<ImmutableBlock> registered = tiers.getFirst().pool().registerBlocks(blocks);
    if (retention != null) {
      retention.madeAnew(registered.stream().map(ImmutableBlock::key).toList());
    }
    for (int tier = 1; tier < tiers.size(); tier++) {
      if (isBelowWriteBack(tier)) {
        for (ImmutableBlock block : registered.reversed()) {
          residence.takeOut(tier, block.key());
        }
      }
    }
    offloader.registered(tiers.getFirst(), registered);
    return registered;
  }

  /**
   * Asks for blocks to be copied to the next tier, whatever the write policy.
   *
   * @param source the tier of the blocks
   * @param target the tier below it
   * @param blocks open blocks of the source tier, parents before children; they stay the caller's
   * @param how priority, and how long to wait for room in the queue
   * @return the call, begun
   */
  public OffloadHandle offload(
      Tier source, Tier target, List<ImmutableBlock> blocks, OffloadOptions how) {
    return offloader.offload(source, target, blocks, how);
  }

  /**
   * Waits until nothing is queued or in flight downwards.
   *
   * @param timeoutNanos how long at most
   * @return whether it was so
   */
  public boolean flush(long timeoutNanos) {
    return offloader.flush(timeoutNanos);
  }

  /** {@return what was moved, by route: for each tier but the first the way down and the way up} */
  public List<RouteUse> routes() {
    Map<String, RouteUse> used = new HashMap<>();
    mover.routes().forEach(use -> used.put(use.route(), use));
    List<RouteUse> all = new ArrayList<>();
    for (int tier = 1; tier < tiers.size(); tier++) {
      all.add(use(tier - 1, tier, used));
      all.add(use(tier, 0, used));
    }
    return all;
  }

  private RouteUse use(int source, int target, Map<String, RouteUse> used) {
    String route = RouteCosts.routeName(tiers.get(source).name(), tiers.get(target).name());
    RouteUse use = used.get(route);
    return use != null ? use : RouteUse.none(route);
  }

  /** {@return what each edge was asked to copy and did, by route} */
  public Map<String, OffloadStatistics> offloads() {
    return offloader.statistics();
  }

  /** {@return what was brought up} */
  public OnboardStatistics onboards() {
    OnboardStatistics own = onboarder.statistics();
    for (Map.Entry<String, LongAdder> place : hitsElsewhere.entrySet()) {
      long hits = place.getValue().sum();
      own = hits == 0 ? own : own.withHits(place.getKey(), hits);
    }
    return own;
  }

  /** {@return what the cost gate decided; empty where it is off} */
  public Optional<GateStatistics> gate() {
    return Optional.ofNullable(gate).map(CostGate::statistics);
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
    for (int i = 0; i < tiers.size(); i++) {
      lost.put(tiers.get(i).name(), writeBack.dropped(i));
    }
    return lost;
  }

  /**
   * {@return blocks that an admission kept from being moved out of each tier as they were evicted,
   * by tier name}
   */
  public Map<String, Long> refused() {
    Map<String, Long> refused = new TreeMap<>();
    for (int i = 0; i < tiers.size(); i++) {
      refused.put(tiers.get(i).name(), writeBack.refused(i));
    }
    return refused;
  }

  /**
   * Cancels what is queued and what is on its way up, and waits for copies that are on their way
   * down as long as the options say. Whoever makes room waits for that in its own call.
   */
  @Override
  public void close() {
    onboarder.close();
    offloader.close();
  }
}
