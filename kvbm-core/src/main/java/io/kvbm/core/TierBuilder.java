package io.kvbm.core;

import com.dynatrace.hash4j.hashing.Hashing;
import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockParallelismStrategy;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.config.KvManagerRuntimeConfig;
import io.kvbm.api.hash.HashScheme;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.core.logical.ShardWorkers;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.BlockPoolBuilder;
import io.kvbm.core.registry.BlockRegistry;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.transfer.BlockPlace;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Sets up the tiers of one manager: storages or stores, layouts, pools. */
final class TierBuilder {

  private static final System.Logger LOG = System.getLogger(TierBuilder.class.getName());

  /**
   * Above, tables grow with what is in them: a manager that cannot have its memory must fail before
   * it takes some.
   */
  private static final int MAX_PRESIZED_BLOCKS = 1 << 20;

  private final KvBlockManagerConfig config;
  private final Platform platform;
  private final HashScheme hashScheme;
  private final OwnedParts owned;
  private final TierExtras extras;
  private final @Nullable ShardWorkers workers;
  private int sets;

  TierBuilder(
      KvBlockManagerConfig config,
      Platform platform,
      HashScheme hashScheme,
      OwnedParts owned,
      TierExtras extras,
      @Nullable ShardWorkers workers) {
    this.config = config;
    this.platform = platform;
    this.hashScheme = hashScheme;
    this.owned = owned;
    this.extras = extras;
    this.workers = workers;
  }

  /** {@return blocks of all tiers together, for sizing tables that grow} */
  int expectedBlocks() {
    long total =
        Stream.of(config.deviceLayout(), config.hostLayout(), config.diskLayout())
            .filter(Objects::nonNull)
            .mapToLong(KvManagerLayoutConfig::numBlocks)
            .sum();
    return (int) Math.min(total, MAX_PRESIZED_BLOCKS);
  }

  Tier build(CacheLevel level, KvManagerLayoutConfig layout, BlockRegistry registry) {
    LayoutConfig shape = config.model().layout(layout.numBlocks(), layout.alignment());
    BlockPoolBuilder pool = poolBuilder(level, layout, registry);
    BlockParallelismStrategy logical = layout.logical();
    BlockStoreFactory stores = layout.blockStore();
    if (logical != null) {
      return buildLogical(level, pool.logical(shape), shape);
    }
    if (workers != null) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "the %s tier is not logical, but the manager leads %d workers; make every tier logical, or give no workers"
              .formatted(level.text(), workers.size()));
    }
    if (stores != null) {
      return buildOnStore(level, pool, stores, shape);
    }
    List<Storage> storages = storages(layout, shape);
    Layout bound = platform.layout(layout.layoutType()).bind(shape, storages);
    return finish(level, pool.layout(bound), storages.getFirst().type().kind());
  }

  /** Sets of workers count from 0, in the order of the tiers. */
  private Tier buildLogical(CacheLevel level, BlockPoolBuilder builder, LayoutConfig shape) {
    ShardWorkers leads = workers;
    if (leads == null) {
      return finish(level, builder, BlockPlace.Sharded.KIND);
    }
    BlockPool pool = builder.alsoHidden(_ -> !leads.isIntact()).build();
    owned.add(pool);
    BlockPlace.Sharded shards = new BlockPlace.Sharded(leads, sets++, shape);
    return new Tier(level, pool, BlockPlace.Sharded.KIND, shards);
  }

  private Tier buildOnStore(
      CacheLevel level, BlockPoolBuilder builder, BlockStoreFactory stores, LayoutConfig shape) {
    BlockStore store =
        stores.open(
            new BlockStoreFactory.Spec(
                shape.numBlocks(), shape.blockByteSize(), fingerprint(shape)));
    owned.add(store);
    Tier tier = finish(level, builder.store(store, shape), stores.storageKind());
    recover(store, tier.pool());
    return tier;
  }

  /**
   * A block moved from slot to slot may be found in both: one is kept, the other's slot is free to
   * be written again.
   */
  private static void recover(BlockStore store, BlockPool pool) {
    List<StoredBlock> refused = new ArrayList<>();
    store.recover(
        block -> {
          try {
            pool.restore(block);
          } catch (CallerException e) {
            refused.add(block);
            LOG.log(System.Logger.Level.DEBUG, "a block found on recovery is left out", e);
          }
        });
    for (StoredBlock block : refused) {
      if (block.slot() >= 0 && block.slot() < store.slots()) {
        store.invalidate(block.slot(), block.generation());
      }
    }
  }

  private List<Storage> storages(KvManagerLayoutConfig layout, LayoutConfig shape) {
    StorageAllocator allocator = layout.allocator();
    if (allocator == null) {
      return layout.storages();
    }
    LayoutProvider provider = platform.layout(layout.layoutType());
    List<Storage> storages = new ArrayList<>();
    for (long byteSize : provider.storageByteSizes(shape)) {
      long alignment = Math.max(AllocationRequest.DEFAULT_ALIGNMENT, shape.alignment());
      Storage storage = allocator.allocate(new AllocationRequest(byteSize, alignment));
      owned.add(storage);
      storages.add(storage);
    }
    return storages;
  }

  private Tier finish(CacheLevel level, BlockPoolBuilder builder, String storageKind) {
    BlockPool pool = builder.build();
    owned.add(pool);
    return new Tier(level, pool, storageKind);
  }

  @SuppressWarnings("EnumOrdinal") // the registry counts tiers from 0, and levels are in that order
  private BlockPoolBuilder poolBuilder(
      CacheLevel level, KvManagerLayoutConfig layout, BlockRegistry registry) {
    KvManagerRuntimeConfig runtime = config.runtime();
    Executor executor = runtime.executor().orElseGet(platform::executor);
    BlockPoolBuilder pool = BlockPool.builder();
    if (platform.leakDetection()) {
      pool.detectLeaks(line -> LOG.log(System.Logger.Level.WARNING, line));
    }
    extras.apply(level.text(), pool, platform.evictionPolicy(layout.evictionPolicy()));
    return pool.name(level.text())
        .hashScheme(hashScheme)
        .events(config.eventManager())
        .metadata(config.metadata())
        .clock(runtime.clock())
        .executor(executor)
        .cancellation(runtime.cancellationToken())
        .registry(registry, level.ordinal());
  }

  /**
   * What persisted blocks must agree in to be used again: scheme, model, salt and the shape of a
   * block. Another one makes them misses, so it may only change together with what it stands for.
   */
  private long fingerprint(LayoutConfig shape) {
    String text =
        String.join(
            "\n",
            hashScheme.name(),
            config.runtime().modelName(),
            Long.toHexString(hashScheme.saltHash(config.runtime().salt())),
            "%d/%d/%d/%d/%s"
                .formatted(
                    shape.numLayers(),
                    shape.outerDim(),
                    shape.pageSize(),
                    shape.innerDim(),
                    shape.dtype()));
    return Hashing.xxh3_64().hashBytesToLong(text.getBytes(StandardCharsets.UTF_8));
  }
}
