package io.kvbm.cli.replay;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.tier.CacheLevel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The tiers of one replay.
 *
 * @param manager the tiers; the caller closes it before the platform
 * @param warm what the disk tier had from a former run, or null where it keeps nothing
 * @param scratch where the disk tier is for this run only, or null
 */
record ReplayTiers(
    KvBlockManager manager, @Nullable WarmBlocks warm, @Nullable ScratchDirectory scratch)
    implements AutoCloseable {

  private static final long ALIGNMENT = AllocationRequest.DEFAULT_ALIGNMENT;

  /**
   * Returns the tiers that are not 0.
   *
   * @param faults what goes wrong, or null for nothing
   */
  static ReplayTiers open(ReplayOptions options, Platform platform, @Nullable Faults faults) {
    ScratchDirectory scratch =
        needsScratch(options, platform) ? ScratchDirectory.create(options.scratchParent()) : null;
    try {
      return open(
          scratch == null ? options : options.in(scratch.path()), platform, faults, scratch);
    } catch (RuntimeException e) {
      if (scratch != null) {
        scratch.close();
      }
      throw e;
    }
  }

  /**
   * Whether the disk tier is a block store that nobody wants to find again. Blocks of a store have
   * no address at which they could be sabotaged; those of a file have.
   */
  private static boolean needsScratch(ReplayOptions options, Platform platform) {
    return options.capacity(CacheLevel.DISK) > 0
        && options.diskDirectory() == null
        && options.sabotage() == 0
        && keepsBlocks(backend(CacheLevel.DISK, options, platform));
  }

  private static ReplayTiers open(
      ReplayOptions options,
      Platform platform,
      @Nullable Faults faults,
      @Nullable ScratchDirectory scratch) {
    KvBlockManagerConfig.Builder config =
        KvBlockManagerConfig.builder().model(BlockShape.ofByteSize(options.blockByteSize()));
    WarmBlocks warm = null;
    for (CacheLevel level : CacheLevel.values()) {
      if (options.capacity(level) > 0) {
        Backend backend = backend(level, options, platform);
        if (level == CacheLevel.DISK && options.diskDirectory() != null && keepsBlocks(backend)) {
          warm = new WarmBlocks(store(backend, options, faults));
        }
        KvManagerLayoutConfig tier = tier(level, options, backend, warm);
        switch (level) {
          case DEVICE -> config.deviceLayout(tier);
          case HOST -> config.hostLayout(tier);
          case DISK -> config.diskLayout(tier);
        }
      }
    }
    return new ReplayTiers(
        manager(config, options, platform), scratch == null ? warm : null, scratch);
  }

  private static BlockStoreFactory store(
      Backend backend, ReplayOptions options, @Nullable Faults faults) {
    BlockStoreFactory stores = backend.blockStores().getFirst();
    if (options.diskBytesPerSecond() > 0) {
      stores =
          new ChangedStores(
              stores, store -> new SlowedBlockStore(store, options.diskBytesPerSecond()));
    }
    return faults == null
        ? stores
        : new ChangedStores(stores, store -> new FaultyBlockStore(store, faults));
  }

  private static KvBlockManager manager(
      KvBlockManagerConfig.Builder config, ReplayOptions options, Platform platform) {
    PeerIdentity peer = options.peer();
    if (peer == null) {
      return KvBlockManager.create(config.build(), options.tiering(), platform);
    }
    return KvBlockManager.builder(config.runtime(peer.runtime()).build())
        .platform(platform)
        .tiering(options.tiering())
        .sharing(peer.sharing())
        .build();
  }

  static Backend backend(CacheLevel level, ReplayOptions options, Platform platform) {
    String name = options.backend(level);
    return platform.backend(name, settings(level, name, options));
  }

  private static boolean keepsBlocks(Backend backend) {
    return !backend.blockStores().isEmpty() && backend.blockStores().getFirst().isPersistent();
  }

  private static KvManagerLayoutConfig tier(
      CacheLevel level, ReplayOptions options, Backend backend, @Nullable WarmBlocks warm) {
    KvManagerLayoutConfig.Builder tier =
        KvManagerLayoutConfig.builder()
            .numBlocks(options.capacity(level))
            .alignment(ALIGNMENT)
            .evictionPolicy(options.policy(level));
    if (warm != null) {
      return tier.blockStore(warm).build(); // the disk tier is the last one
    }
    if (!backend.allocators().isEmpty()) {
      return tier.allocator(backend.allocators().getFirst()).build();
    }
    if (!backend.blockStores().isEmpty()) {
      return tier.blockStore(backend.blockStores().getFirst()).build();
    }
    throw new ConfigurationException(
        ErrorCode.INVALID_CONFIG,
        "backend %s neither allocates storage nor stores blocks; choose another for the %s tier"
            .formatted(options.backend(level), level.text()));
  }

  private static BackendConfig settings(CacheLevel level, String backend, ReplayOptions options) {
    BackendConfig settings = options.settings().getOrDefault(backend, BackendConfig.empty());
    boolean onFiles = backend.equals("disk");
    if (onFiles && settings.string("unlink").isEmpty()) {
      // Scratch files lose their names at once, so that a killed run leaves nothing behind.
      settings = settings.with("unlink", "now");
    }
    Path directory = options.diskDirectory();
    boolean hasDirectory = onFiles || level == CacheLevel.DISK;
    return hasDirectory && directory != null
        ? settings.with("dir", directory.toString())
        : settings;
  }

  @Override
  public void close() {
    try {
      manager.close();
    } finally {
      if (scratch != null) {
        scratch.close();
      }
    }
  }
}
