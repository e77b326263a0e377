package io.kvbm.cli.replay;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.tier.CacheLevel;
import java.nio.file.Path;

/** Sets up the tiers of one replay. */
final class ReplayTiers {

  private static final long ALIGNMENT = AllocationRequest.DEFAULT_ALIGNMENT;

  private ReplayTiers() {}

  /** Returns a manager of the tiers that are not 0; the caller closes it before the platform. */
  static KvBlockManager open(ReplayOptions options, Platform platform) {
    KvBlockManagerConfig.Builder config =
        KvBlockManagerConfig.builder().model(BlockShape.ofByteSize(options.blockByteSize()));
    for (CacheLevel level : CacheLevel.values()) {
      if (options.capacity(level) > 0) {
        KvManagerLayoutConfig tier = tier(level, options, platform);
        switch (level) {
          case DEVICE -> config.deviceLayout(tier);
          case HOST -> config.hostLayout(tier);
          case DISK -> config.diskLayout(tier);
        }
      }
    }
    return KvBlockManager.create(config.build(), platform);
  }

  private static KvManagerLayoutConfig tier(
      CacheLevel level, ReplayOptions options, Platform platform) {
    String name = options.backend(level);
    Backend backend = platform.backend(name, settings(level, name, options));
    KvManagerLayoutConfig.Builder tier =
        KvManagerLayoutConfig.builder()
            .numBlocks(options.capacity(level))
            .alignment(ALIGNMENT)
            .evictionPolicy(options.policy(level));
    if (!backend.allocators().isEmpty()) {
      return tier.allocator(backend.allocators().getFirst()).build();
    }
    if (!backend.blockStores().isEmpty()) {
      return tier.blockStore(backend.blockStores().getFirst()).build();
    }
    throw new ConfigurationException(
        ErrorCode.INVALID_CONFIG,
        "backend %s neither allocates storage nor stores blocks; choose another for the %s tier"
            .formatted(name, level.text()));
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
}
