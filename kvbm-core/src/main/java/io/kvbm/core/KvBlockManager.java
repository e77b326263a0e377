package io.kvbm.core;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.Block;
import io.kvbm.api.block.BlockDescriptorList;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.block.RemoteBlock;
import io.kvbm.api.block.SerializedBlockSet;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.config.RemoteOptions;
import io.kvbm.api.hash.HashScheme;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.transfer.TransferHandle;
import io.kvbm.core.config.KvbmConfig;
import io.kvbm.core.event.RouterEventLog;
import io.kvbm.core.event.RouterEventLogConfig;
import io.kvbm.core.logical.ShardWorkers;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.prefetch.ConversationPrefetcher;
import io.kvbm.core.prefetch.PrefetchConfig;
import io.kvbm.core.prefetch.PrefetchOptions;
import io.kvbm.core.prefetch.Prefetcher;
import io.kvbm.core.registry.BlockRegistry;
import io.kvbm.core.remote.FetchResult;
import io.kvbm.core.remote.ShardMover;
import io.kvbm.core.remote.Sharing;
import io.kvbm.core.remote.SharingOptions;
import io.kvbm.core.retention.Lease;
import io.kvbm.core.retention.LeasedPrefix;
import io.kvbm.core.retention.Retention;
import io.kvbm.core.retention.RetentionOptions;
import io.kvbm.core.retention.RetentionRules;
import io.kvbm.core.tier.BlockMover;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.LocatedBlock;
import io.kvbm.core.tier.MoveHandle;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.tiering.RequestListener;
import io.kvbm.core.tiering.TieringEngine;
import io.kvbm.core.tiering.TieringOptions;
import io.kvbm.core.transfer.TransferOptions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The block manager of one worker: up to three tiers of KV blocks of one model and the movement
 * between them.
 *
 * {@snippet :
 * try (Platform platform = Platform.load();
 *     KvBlockManager manager = KvBlockManager.create(config, platform)) {
 *   BlockPool device = manager.device().orElseThrow();
 *   List<ImmutableBlock> prefix = device.matchSequenceHashes(hashes);
 * }
 * }
 *
 * <p>Ownership: the manager owns its pools, what it allocated for them and the stores it opened;
 * storages given by the caller stay the caller's, and so does a platform given to {@link
 * #create(KvBlockManagerConfig, Platform)}. Threading: safe from any thread.
 */
public final class KvBlockManager implements AutoCloseable {

  private final KvBlockManagerConfig config;
  private final HashScheme hashScheme;
  private final BlockMover mover;
  private final List<Tier> tiers = new ArrayList<>();
  private final Map<CacheLevel, Tier> byLevel = new EnumMap<>(CacheLevel.class);
  private final OwnedParts owned = new OwnedParts();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final TieringEngine tiering;

  private final @Nullable RouterEventLog events;
  private final @Nullable Retention retention;
  private final @Nullable ConversationPrefetcher prefetching;
  private final @Nullable Sharing sharing;
  private final @Nullable ShardWorkers workers;

  private KvBlockManager(Builder from, Platform platform, boolean ownsPlatform) {
    this.config = from.config;
    this.workers = from.workers;
    if (ownsPlatform) {
      owned.add(platform);
    }
    try {
      MetricsSink.Part sink = config.runtime().metricsRegistry().part();
      owned.add(sink);
      this.hashScheme = platform.hashScheme(config.hashScheme());
      this.mover =
          new BlockMover(platform.transfers(), platform.clock(), from.tiering.verification(), sink);
      this.events = from.events == null ? null : eventLog(from.events, platform);
      RetentionRules rules =
          from.retention == null ? null : new RetentionRules(from.retention, platform.clock());
      Prefetcher loader = from.prefetch == null ? null : prefetcher(from, platform);
      TierExtras extras = new TierExtras(sink, events, rules, loader, config, from.sharing);
      TierBuilder builder = new TierBuilder(config, platform, hashScheme, owned, extras, workers);
      BlockRegistry registry = new BlockRegistry(builder.expectedBlocks());
      addTier(CacheLevel.DEVICE, config.deviceLayout(), builder, registry);
      addTier(CacheLevel.HOST, config.hostLayout(), builder, registry);
      addTier(CacheLevel.DISK, config.diskLayout(), builder, registry);
      if (workers != null) {
        workers.attach(
            platform.clock(), platform.deadlines(), platform.executor(), this::forgetShards);
        owned.add(workers::detach);
      }
      ManagerMetrics metrics = metrics(sink);
      this.retention = rules == null ? null : keep(rules, platform);
      this.tiering =
          new TieringEngine(
              tiers,
              mover,
              platform.executor(),
              platform.clock(),
              platform.deadlines(),
              from.tiering.withTransfers(platform.transfers().limits()),
              retention,
              listener(loader, metrics));
      owned.add(tiering);
      this.sharing =
          config.runtime().remote().mode() == RemoteOptions.Mode.DISABLED
              ? null
              : new SharingParts(config, platform, owned)
                  .build(tiering, hashScheme, from.sharing, sink, extras.publisher());
      this.prefetching = loader == null ? null : prefetch(from, loader, platform);
      if (metrics != null) {
        show(metrics);
      }
    } catch (RuntimeException | Error e) {
      owned.closeAfter(e);
      throw e;
    }
  }

  /** What lost a shard is a miss, in every tier. */
  private void forgetShards() {
    tiers.forEach(tier -> tier.pool().forgetAll());
  }

  private @Nullable ManagerMetrics metrics(MetricsSink sink) {
    if (sink == MetricsSink.NULL) {
      return null;
    }
    ManagerMetrics metrics = new ManagerMetrics(sink, tiers);
    owned.add(metrics);
    return metrics;
  }

  private RouterEventLog eventLog(RouterEventLogConfig how, Platform platform) {
    if (how.blockSize() != blockSize()) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "events name blocks of %d tokens, the model has %d; give the size of the model"
              .formatted(how.blockSize(), blockSize()));
    }
    Instant now = platform.clock().instant();
    return new RouterEventLog(how, now.getEpochSecond() * 1_000_000_000L + now.getNano());
  }

  private Prefetcher prefetcher(Builder from, Platform platform) {
    KvManagerLayoutConfig top =
        Stream.of(config.deviceLayout(), config.hostLayout(), config.diskLayout())
            .filter(Objects::nonNull)
            .findFirst()
            .orElseThrow();
    long blockByteSize = config.model().layout(top.numBlocks(), top.alignment()).blockByteSize();
    PrefetchConfig bounds = Objects.requireNonNull(from.prefetch).bounds();
    return new Prefetcher(
        bounds == null ? PrefetchConfig.of(blockByteSize) : bounds,
        new EngineTarget(this::tiering),
        from.load == null ? this::shareInUse : from.load,
        platform.clock());
  }

  /** The share of the top tier that is in use. */
  private double shareInUse() {
    BlockPool pool = tiers.getFirst().pool();
    return 1 - (double) pool.availableBlocks() / pool.totalBlocks();
  }

  /** Who is told of requests; null for nobody. */
  private static @Nullable RequestListener listener(
      @Nullable Prefetcher prefetcher, @Nullable ManagerMetrics metrics) {
    if (prefetcher == null) {
      return metrics;
    }
    return (keys, result, nanos) -> {
      keys.subList(0, result.sources().size()).forEach(prefetcher::used);
      if (metrics != null) {
        metrics.ended(keys, result, nanos);
      }
    };
  }

  private void show(ManagerMetrics metrics) {
    metrics.showTiers(tiers);
    metrics.showEngine(tiering());
    retention().ifPresent(kept -> metrics.showRetention(kept, tiers));
    prefetching().ifPresent(metrics::showPrefetch);
    events().ifPresent(metrics::showEvents);
  }

  private ConversationPrefetcher prefetch(Builder from, Prefetcher loader, Platform platform) {
    ConversationPrefetcher prefetch =
        new ConversationPrefetcher(
            Objects.requireNonNull(from.prefetch),
            loader,
            platform.clock(),
            platform.deadlines(),
            platform.executor());
    owned.add(prefetch);
    prefetch.start();
    return prefetch;
  }

  private Retention keep(RetentionRules rules, Platform platform) {
    Map<String, BlockPool> pools = new LinkedHashMap<>();
    tiers.forEach(tier -> pools.put(tier.name(), tier.pool()));
    Retention kept = new Retention(rules, pools, platform.deadlines(), platform.executor());
    owned.add(kept);
    return kept;
  }

  private void addTier(
      CacheLevel level,
      @Nullable KvManagerLayoutConfig layout,
      TierBuilder builder,
      BlockRegistry registry) {
    if (layout != null) {
      Tier tier = builder.build(level, layout, registry);
      tiers.add(tier);
      byLevel.put(level, tier);
    }
  }

  /**
   * Makes a manager with a platform of its own.
   *
   * @param config tiers, model and runtime
   * @return the manager; the caller closes it
   * @throws ConfigurationException if a tier cannot be set up as configured; nothing is left behind
   */
  public static KvBlockManager create(KvBlockManagerConfig config) {
    return builder(config).build();
  }

  /**
   * Makes a manager on a platform of the caller's.
   *
   * @param config tiers, model and runtime
   * @param platform has the backends; it must outlive the manager
   * @return the manager; the caller closes it
   * @throws ConfigurationException if a tier cannot be set up as configured; nothing is left behind
   */
  public static KvBlockManager create(KvBlockManagerConfig config, Platform platform) {
    return builder(config).platform(platform).build();
  }

  /**
   * Makes a manager on a platform of the caller's.
   *
   * @param config tiers, model and runtime
   * @param options how the tiers work together; limits of transfers are the platform's
   * @param platform has the backends; it must outlive the manager
   * @return the manager; the caller closes it
   * @throws ConfigurationException if a tier cannot be set up as configured; nothing is left behind
   */
  public static KvBlockManager create(
      KvBlockManagerConfig config, TieringOptions options, Platform platform) {
    return builder(config).platform(platform).tiering(options).build();
  }

  /**
   * {@return a builder, with everything off that is not part of the configuration}
   *
   * @param config tiers, model and runtime
   */
  public static Builder builder(KvBlockManagerConfig config) {
    return new Builder(config);
  }

  /**
   * Makes a manager with a platform of its own, both as a configuration says. For events, metadata
   * or an executor of the caller's take {@link #configured} and add them.
   *
   * @param config checked against {@code Platform.builder().schema()}
   * @return the manager; the caller closes it
   * @throws ConfigurationException if a tier cannot be set up as configured, naming the setting and
   *     where it stands; nothing is left behind
   */
  public static KvBlockManager create(KvbmConfig config) {
    Platform.Builder builder = Platform.builder();
    config.plugins().ifPresent(builder::plugins);
    Platform platform = builder.config(config).build();
    Builder manager;
    try {
      manager =
          builder(configured(config, platform))
              .tiering(tiering(config, platform))
              .sharing(sharing(config));
    } catch (RuntimeException | Error e) {
      OwnedParts left = new OwnedParts();
      left.add(platform);
      left.closeAfter(e);
      throw e;
    }
    return new KvBlockManager(manager, platform, true);
  }

  /**
   * {@return how tiers work together as a configuration says}
   *
   * @param config checked against the schema of the platform
   * @param platform has the backends
   * @throws ConfigurationException if the cost gate is to compare with a speed nobody gave
   */
  public static TieringOptions tiering(KvbmConfig config, Platform platform) {
    return new ManagerSettings(config, platform).tiering();
  }

  /**
   * {@return how blocks are shared with other workers as a configuration says}
   *
   * @param config checked against the schema of the platform
   * @throws ConfigurationException if a tier to be lent is none
   */
  public static SharingOptions sharing(KvbmConfig config) {
    return SharingSettings.read(config);
  }

  /**
   * {@return the tiers, model and runtime that a configuration says}
   *
   * @param config checked against the schema of the platform
   * @param platform has the backends; metrics and time are its own
   * @throws ConfigurationException if there is no tier, or a backend, policy, layout or scheme is
   *     not there, naming the setting and where it stands
   */
  public static KvBlockManagerConfig configured(KvbmConfig config, Platform platform) {
    return new ManagerSettings(config, platform).read();
  }

  /**
   * Like {@link #create(KvBlockManagerConfig, Platform)}, on another thread: large tiers take time
   * to allocate.
   *
   * @param config tiers, model and runtime
   * @param platform has the backends; it must outlive the manager
   * @return completes with the manager
   */
  public static CompletionStage<KvBlockManager> createAsync(
      KvBlockManagerConfig config, Platform platform) {
    Executor executor = config.runtime().executor().orElseGet(platform::executor);
    return CompletableFuture.supplyAsync(() -> create(config, platform), executor);
  }

  /**
   * {@return what blocks of a configuration are of: hash scheme, model, salt and the shape of a
   * block. Workers share blocks, and a leader's workers hold shards of them, only where it is the
   * same}
   *
   * @param config tiers, model and runtime
   * @param platform has the hash scheme
   */
  public static long fingerprint(KvBlockManagerConfig config, Platform platform) {
    return BlockFingerprint.of(
        config, platform.hashScheme(config.hashScheme()), config.model().layout(1, 1));
  }

  /**
   * {@return the name of the agent that a worker opens for itself}
   *
   * @param workerId the worker among others
   */
  public static String agentName(long workerId) {
    return SharedAgents.nameOf(workerId);
  }

  /** {@return tokens in a block} */
  public int blockSize() {
    return config.model().pageSize();
  }

  /** {@return this worker among others} */
  public long workerId() {
    return config.runtime().workerId();
  }

  /** {@return the configuration} */
  public KvBlockManagerConfig config() {
    return config;
  }

  /** {@return the scheme that names blocks} */
  public HashScheme hashScheme() {
    return hashScheme;
  }

  /** {@return the pool of the device tier, where there is one} */
  public Optional<BlockPool> device() {
    return pool(CacheLevel.DEVICE);
  }

  /** {@return the pool of the host tier, where there is one} */
  public Optional<BlockPool> host() {
    return pool(CacheLevel.HOST);
  }

  /** {@return the pool of the disk tier, where there is one} */
  public Optional<BlockPool> disk() {
    return pool(CacheLevel.DISK);
  }

  private Optional<BlockPool> pool(CacheLevel level) {
    return Optional.ofNullable(byLevel.get(level)).map(Tier::pool);
  }

  /** {@return the tiers there are, the fastest first} */
  public List<Tier> tiers() {
    return List.copyOf(tiers);
  }

  /** {@return the tiers as one cache, which moves blocks up and down by itself} */
  public TieringEngine tiering() {
    return tiering;
  }

  /**
   * {@return what routers are told of the blocks of all tiers, by the names of the tiers; empty
   * where {@link Builder#events} did not ask for it}
   */
  public Optional<RouterEventLog> events() {
    return Optional.ofNullable(events);
  }

  /**
   * {@return pins, leases, times to live and namespaces of all tiers; empty where {@link
   * Builder#retention} did not ask for it}
   */
  public Optional<Retention> retention() {
    return Optional.ofNullable(retention);
  }

  /**
   * {@return what loads blocks into the top tier before they are asked for; empty where {@link
   * Builder#prefetch} did not ask for it}
   */
  public Optional<ConversationPrefetcher> prefetching() {
    return Optional.ofNullable(prefetching);
  }

  /**
   * Takes a worker into use again that was fenced, or another in its place. Every block of the
   * manager becomes a miss first, as nobody knows which shards are left. Those in use stay with
   * their users, whose shards may be gone: whoever computes with them starts over.
   *
   * @param name the worker, as {@link Builder#workers} named it
   * @param fresh reaches the worker; nothing moves there any more on behalf of this manager
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if there is no such worker,
   *     with {@link ErrorCode#UNSUPPORTED} where the manager leads none
   */
  public void resetWorker(String name, ShardMover fresh) {
    requireOpen();
    ShardWorkers leads = workers;
    if (leads == null) {
      throw new CallerException(
          ErrorCode.UNSUPPORTED, "worker %d leads no other workers".formatted(workerId()));
    }
    leads.reset(name, fresh);
  }

  /**
   * Finds the longest prefix of a sequence over all tiers and keeps its blocks where they are, so
   * that none of them is gone when they are brought up.
   *
   * @param keys the blocks of the sequence, in order
   * @param leaseNanos for how long from now
   * @return what was found; the caller closes its lease or lets it run out
   * @throws CapacityException with {@link ErrorCode#NOT_ENOUGH_BLOCKS_AVAILABLE} if more of a tier
   *     would be kept than may be; nothing is leased
   * @throws CallerException with {@link ErrorCode#UNSUPPORTED} where retention is off, with {@link
   *     ErrorCode#INVALID_ARGUMENT} if the time is not above 0
   */
  public LeasedPrefix lookup(List<BlockKey> keys, long leaseNanos) {
    requireOpen();
    Retention keeper = retention;
    if (keeper == null) {
      throw new CallerException(
          ErrorCode.UNSUPPORTED,
          "worker %d keeps no leases; build its manager with retention options"
              .formatted(workerId()));
    }
    while (true) { // again where a block was brought up between the two steps
      List<LocatedBlock> found = tiering.match(keys);
      try {
        Map<Integer, List<ImmutableBlock>> byTier = new TreeMap<>();
        for (LocatedBlock block : found) {
          byTier.computeIfAbsent(block.tier(), _ -> new ArrayList<>()).add(block.block());
        }
        Optional<Lease> lease = keeper.lease(byTier, leaseNanos);
        if (lease.isPresent()) {
          return new LeasedPrefix(
              keys.subList(0, found.size()),
              found.stream().map(LocatedBlock::tier).toList(),
              lease.get());
        }
      } finally {
        BlockPool.closeAll(found.stream().map(LocatedBlock::block).toList());
      }
    }
  }

  /**
   * Copies blocks to a lower tier, into what room it can make. What is in the way moves down along
   * a write-back edge; the call waits for that. A block for which there is no room is skipped: its
   * result is a failure with NOT_ENOUGH_BLOCKS_AVAILABLE.
   *
   * @param blocks registered blocks of one tier of this manager; they stay the caller's
   * @param target the tier they go to
   * @param options priority and deadline
   * @return the movement
   * @throws CallerException with {@link ErrorCode#UNSUPPORTED} if there is no such tier or it is
   *     not below theirs
   */
  public MoveHandle offload(
      List<ImmutableBlock> blocks, CacheLevel target, TransferOptions options) {
    requireOpen();
    Tier from = tierOf(blocks);
    return move(
        from, blocks, requireTier(from, target, target.compareTo(from.level()) > 0), options);
  }

  /**
   * Copies blocks to a higher tier, into what room it can make. What is in the way moves down along
   * a write-back edge; the call waits for that. A block that is there already is handed back as it
   * is.
   *
   * @param blocks registered blocks of one tier of this manager; they stay the caller's
   * @param target the tier they go to
   * @param options priority and deadline
   * @return the movement
   * @throws CallerException with {@link ErrorCode#UNSUPPORTED} if there is no such tier or it is
   *     not above theirs
   */
  public MoveHandle onboard(
      List<ImmutableBlock> blocks, CacheLevel target, TransferOptions options) {
    requireOpen();
    Tier from = tierOf(blocks);
    return move(
        from, blocks, requireTier(from, target, target.compareTo(from.level()) < 0), options);
  }

  /**
   * Like {@link #onboard(List, CacheLevel, TransferOptions)}, into slots the caller has allocated.
   *
   * @param blocks registered blocks of one tier of this manager; they stay the caller's
   * @param target the tier they go to
   * @param targets as many blocks of that tier; consumed
   * @param options priority and deadline
   * @return the movement
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the numbers differ; nothing
   *     was changed
   */
  public MoveHandle onboard(
      List<ImmutableBlock> blocks,
      CacheLevel target,
      List<MutableBlock> targets,
      TransferOptions options) {
    requireOpen();
    Tier from = tierOf(blocks);
    Tier to = requireTier(from, target, target.compareTo(from.level()) < 0);
    return mover.move(from, blocks, to, targets, options);
  }

  /** What makes room goes down along write-back edges, as everything else does. */
  private MoveHandle move(
      Tier from, List<ImmutableBlock> blocks, Tier to, TransferOptions options) {
    return mover.move(from, blocks, to, count -> tiering.makeRoom(to, count), options);
  }

  private Tier tierOf(List<ImmutableBlock> blocks) {
    if (blocks.isEmpty()) {
      throw new CallerException(ErrorCode.INVALID_ARGUMENT, "there are no blocks to move");
    }
    for (Tier tier : tiers) {
      if (tier.pool().owns(blocks)) {
        return tier;
      }
    }
    throw new CallerException(
        ErrorCode.INVALID_ARGUMENT,
        "the blocks to move are not all of one tier of worker " + workerId());
  }

  private Tier requireTier(Tier from, CacheLevel target, boolean rightWay) {
    Tier tier = byLevel.get(target);
    if (tier == null) {
      throw new CallerException(
          ErrorCode.UNSUPPORTED,
          "worker %d has no %s tier; it has %s"
              .formatted(workerId(), target.text(), tiers.stream().map(Tier::name).toList()));
    }
    if (!rightWay) {
      throw new CallerException(
          ErrorCode.UNSUPPORTED,
          "blocks of the %s tier cannot go this way to %s; offload goes down, onboard goes up"
              .formatted(from.name(), target.text()));
    }
    return tier;
  }

  /**
   * {@return what is shared with other workers; empty where the runtime configuration disables it}
   */
  public Optional<Sharing> sharing() {
    return Optional.ofNullable(sharing);
  }

  /**
   * {@return a description of this worker's blocks for other workers to import}
   *
   * @throws ConfigurationException with {@link ErrorCode#INVALID_CONFIG} where nothing is shared
   */
  public SerializedBlockSet exportLocalBlockset() {
    return requireSharing("export its blocks").blockSet().serialized();
  }

  /**
   * Makes the blocks of another worker known to this one, and connects to its agent.
   *
   * @param blockSet what that worker exported
   * @throws CorruptionException if it is cut short or damaged
   * @throws ConfigurationException with {@link ErrorCode#INVALID_CONFIG} where nothing is shared,
   *     if the set is of a version this build does not read, or its blocks are of another model,
   *     hash scheme, salt or shape
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if it is this worker's own, or
   *     imported already
   * @throws TransientException with {@link ErrorCode#DISCONNECTED} if its agent cannot be reached
   *     or runs in another generation, with {@link ErrorCode#DEADLINE_EXCEEDED} if it does not
   *     answer
   */
  public void importRemoteBlockset(SerializedBlockSet blockSet) {
    requireSharing("import a block set of %d bytes".formatted(blockSet.bytes().length))
        .importSet(blockSet);
  }

  /**
   * {@return blocks of another worker, to be read}
   *
   * @param descriptors which
   * @throws ConfigurationException with {@link ErrorCode#INVALID_CONFIG} where nothing is shared
   * @throws CallerException with {@link ErrorCode#NOT_FOUND} if no set of that worker is imported,
   *     with {@link ErrorCode#INVALID_ARGUMENT} or {@link ErrorCode#INVALID_BLOCK_INDEX} if it has
   *     no such block
   * @throws TransientException with {@link ErrorCode#DISCONNECTED} if the worker is gone
   */
  public List<RemoteBlock> getRemoteBlocksImmutable(BlockDescriptorList descriptors) {
    return requireSharing("read blocks of worker " + descriptors.workerId())
        .remoteBlocks(descriptors, false);
  }

  /**
   * {@return blocks of another worker, to be written}
   *
   * @param descriptors which
   * @throws ConfigurationException with {@link ErrorCode#INVALID_CONFIG} where nothing is shared
   * @throws CallerException as {@link #getRemoteBlocksImmutable}, and with {@link
   *     ErrorCode#NOT_ALLOWED} if the worker did not export them writable
   * @throws TransientException with {@link ErrorCode#DISCONNECTED} if the worker is gone
   */
  public List<RemoteBlock> getRemoteBlocksMutable(BlockDescriptorList descriptors) {
    return requireSharing("write blocks of worker " + descriptors.workerId())
        .remoteBlocks(descriptors, true);
  }

  /**
   * Copies blocks of another worker into blocks of a tier.
   *
   * @param sources of one worker and block set
   * @param targets as many blocks of one tier; they stay the caller's, who keeps them open until
   *     the transfer has ended
   * @param options priority, deadline and layers
   * @return the transfer, begun: the outcome of each block, and cancelling
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the numbers differ or blocks
   *     are of several sets or tiers; nothing moved
   */
  public TransferHandle readRemoteBlocks(
      List<RemoteBlock> sources, List<MutableBlock> targets, TransferOptions options) {
    return requireSharing("read blocks").read(sources, targets, options);
  }

  /**
   * Copies blocks of a tier into blocks of another worker.
   *
   * @param sources of one tier; they stay the caller's, who keeps those that are being filled open
   *     until the transfer has ended
   * @param targets as many mutable blocks of one worker and block set
   * @param options priority, deadline and layers
   * @return the transfer, begun: the outcome of each block, and cancelling
   * @throws CallerException as {@link #readRemoteBlocks}, and with {@link ErrorCode#NOT_ALLOWED} if
   *     a target is not mutable; nothing moved
   */
  public TransferHandle writeRemoteBlocks(
      List<? extends Block> sources, List<RemoteBlock> targets, TransferOptions options) {
    return requireSharing("write blocks").write(sources, targets, options);
  }

  /**
   * Fetches the blocks of a sequence from the workers that have them, whatever the tiers here have.
   * Requests through {@link #tiering()} do so by themselves for what no tier has.
   *
   * @param keys the blocks, in order
   * @param timeout how long it may take, at most as long as the sharing options say
   * @return completes with the blocks that came, registered; never exceptionally because a worker
   *     failed
   * @throws ConfigurationException with {@link ErrorCode#INVALID_CONFIG} where nothing is shared or
   *     there is no directory
   */
  public CompletionStage<FetchResult> fetchRemoteBlocks(List<BlockKey> keys, Duration timeout) {
    return requireSharing("fetch blocks").fetch(keys, timeout);
  }

  private Sharing requireSharing(String what) {
    requireOpen();
    Sharing shared = sharing;
    if (shared == null) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "worker %d cannot %s: remote sharing is disabled; enable it in the runtime configuration"
              .formatted(workerId(), what));
    }
    return shared;
  }

  private void requireOpen() {
    if (closed.get()) {
      throw new ClosedException(
          ErrorCode.PROGRESS_ENGINE_SHUTDOWN,
          "the block manager of worker " + workerId() + " is closed; make a new one");
    }
  }

  /**
   * Ends pending calls with PROGRESS_ENGINE_SHUTDOWN, then closes pools, stores and storages. Later
   * calls do nothing. Storages still leased by a transfer are freed when it has drained.
   */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      owned.close();
    }
  }

  /** Collects what a manager is made of. For one thread. */
  public static final class Builder {
    private final KvBlockManagerConfig config;
    private TieringOptions tiering = TieringOptions.DEFAULT;
    private @Nullable Platform platform;
    private @Nullable RouterEventLogConfig events;
    private @Nullable RetentionOptions retention;
    private @Nullable PrefetchOptions prefetch;
    private @Nullable DoubleSupplier load;
    private SharingOptions sharing = SharingOptions.DEFAULT;
    private @Nullable ShardWorkers workers;

    private Builder(KvBlockManagerConfig config) {
      this.config = config;
    }

    /**
     * Sets the platform, otherwise the manager loads and owns one.
     *
     * @param value has the backends; it must outlive the manager
     * @return this builder
     */
    public Builder platform(Platform value) {
      platform = Objects.requireNonNull(value);
      return this;
    }

    /**
     * Sets how the tiers work together, otherwise {@link TieringOptions#DEFAULT}.
     *
     * @param value limits of transfers are the platform's
     * @return this builder
     */
    public Builder tiering(TieringOptions value) {
      tiering = Objects.requireNonNull(value);
      return this;
    }

    /**
     * Keeps numbered events of every tier for routers: {@link KvBlockManager#events()}.
     *
     * @param value how many are kept; its block size is that of the model
     * @return this builder
     */
    public Builder events(RouterEventLogConfig value) {
      events = Objects.requireNonNull(value);
      return this;
    }

    /**
     * Keeps blocks in every tier by pins, leases, times to live and quotas: {@link
     * KvBlockManager#retention()}.
     *
     * @param value what is kept and for how long
     * @return this builder
     */
    public Builder retention(RetentionOptions value) {
      retention = Objects.requireNonNull(value);
      return this;
    }

    /**
     * Loads blocks of the next turn of a conversation before it is asked for: {@link
     * KvBlockManager#prefetching()}. Only a request through {@link TieringEngine#onboard} counts as
     * the use of what was loaded: blocks that are taken from a pool itself, by {@code matchBlocks}
     * or {@code find}, count as wasted when they leave, and too many of those stop prefetching for
     * a while.
     *
     * @param value how
     * @return this builder
     */
    public Builder prefetch(PrefetchOptions value) {
      prefetch = Objects.requireNonNull(value);
      return this;
    }

    /**
     * Sets how blocks are shared with other workers, where the runtime configuration enables that;
     * otherwise {@link SharingOptions#DEFAULT}: {@link KvBlockManager#sharing()}.
     *
     * @param value what is lent and fetched
     * @return this builder
     */
    public Builder sharing(SharingOptions value) {
      sharing = Objects.requireNonNull(value);
      return this;
    }

    /**
     * Sets what says how busy the machine is, for prefetching; otherwise it is the share of the top
     * tier that is in use.
     *
     * @param value 0 to 1; quick, called from any thread
     * @return this builder
     */
    public Builder load(DoubleSupplier value) {
      load = Objects.requireNonNull(value);
      return this;
    }

    /**
     * Sets who has the shards of the blocks; every tier is logical then. The sets of each worker
     * are in the order of the tiers, the fastest first, and have at least as many slots.
     *
     * @param value the workers; they stay the caller's, and serve one manager
     * @return this builder
     */
    public Builder workers(ShardWorkers value) {
      workers = Objects.requireNonNull(value);
      return this;
    }

    /**
     * {@return the manager; the caller closes it}
     *
     * @throws ConfigurationException if a tier cannot be set up as configured, or settings do not
     *     fit together; nothing is left behind
     */
    public KvBlockManager build() {
      if (platform != null) {
        return new KvBlockManager(this, platform, false);
      }
      Platform own =
          Platform.builder()
              .clock(config.runtime().clock())
              .metrics(config.runtime().metricsRegistry())
              .build();
      return new KvBlockManager(this, own, true);
    }
  }
}
