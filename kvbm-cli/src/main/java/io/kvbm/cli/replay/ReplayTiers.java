package io.kvbm.cli.replay;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.config.KvManagerModelConfig;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.TierChain;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The platform and the manager of one replay, closed together. */
final class ReplayTiers implements AutoCloseable {

  private static final long ALIGNMENT = AllocationRequest.DEFAULT_ALIGNMENT;

  private final Platform platform;
  private final KvBlockManager manager;

  ReplayTiers(ReplayOptions options) {
    this.platform = Platform.load();
    try {
      this.manager = KvBlockManager.create(configure(options), platform);
    } catch (RuntimeException | Error e) {
      platform.close();
      throw e;
    }
  }

  private KvBlockManagerConfig configure(ReplayOptions options) {
    KvManagerModelConfig model = BlockShape.ofByteSize(options.blockByteSize());
    KvBlockManagerConfig.Builder config = KvBlockManagerConfig.builder().model(model);
    for (CacheLevel level : CacheLevel.values()) {
      int blocks = options.capacities().get(level);
      if (blocks > 0) {
        KvManagerLayoutConfig tier = tier(level, blocks, options);
        switch (level) {
          case DEVICE -> config.deviceLayout(tier);
          case HOST -> config.hostLayout(tier);
          case DISK -> config.diskLayout(tier);
        }
      }
    }
    return config.build();
  }

  private KvManagerLayoutConfig tier(CacheLevel level, int blocks, ReplayOptions options) {
    String name = options.backends().get(level);
    BackendConfig settings = BackendConfig.empty();
    if (level == CacheLevel.DISK) {
      settings = diskSettings(name, options.diskDirectory());
    }
    Backend backend = platform.backend(name, settings);
    KvManagerLayoutConfig.Builder tier =
        KvManagerLayoutConfig.builder()
            .numBlocks(blocks)
            .alignment(ALIGNMENT)
            .evictionPolicy(options.policy());
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

  /** Scratch files lose their names at once, so that a killed run leaves nothing behind. */
  private static BackendConfig diskSettings(String backend, @Nullable Path directory) {
    if (!backend.equals("disk")) {
      return directory == null ? BackendConfig.empty() : BackendConfig.of("dir", directory.toString());
    }
    BackendConfig settings = BackendConfig.of("unlink", "now");
    return directory == null ? settings : settings.with("dir", directory.toString());
  }

  Platform platform() {
    return platform;
  }

  KvBlockManager manager() {
    return manager;
  }

  TierChain chain() {
    return manager.chain();
  }

  @Override
  public void close() {
    try {
      manager.close();
    } finally {
      platform.close();
    }
  }
}
