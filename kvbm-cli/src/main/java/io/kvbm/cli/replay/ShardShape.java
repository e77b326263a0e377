package io.kvbm.cli.replay;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockParallelismStrategy;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.config.KvManagerRuntimeConfig;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.core.Platform;
import io.kvbm.core.logical.ShardWorker;
import io.kvbm.core.tier.CacheLevel;
import java.util.Arrays;
import java.util.List;

/** The tiers of a replay as its leader has them, and as each of its workers has them. */
final class ShardShape {

  private ShardShape() {}

  /** {@return the tiers of the leader, which have no bytes} */
  static KvBlockManagerConfig leader(ReplayOptions options) {
    KvBlockManagerConfig.Builder config =
        KvBlockManagerConfig.builder()
            .runtime(KvManagerRuntimeConfig.builder().build())
            .model(BlockShape.ofByteSize(options.blockByteSize()));
    for (CacheLevel level : levels(options)) {
      KvManagerLayoutConfig tier =
          KvManagerLayoutConfig.builder()
              .numBlocks(options.capacity(level))
              .alignment(AllocationRequest.DEFAULT_ALIGNMENT)
              .evictionPolicy(options.policy(level))
              .logical(BlockParallelismStrategy.LEADER_WORKER_SHARDED)
              .build();
      switch (level) {
        case DEVICE -> config.deviceLayout(tier);
        case HOST -> config.hostLayout(tier);
        case DISK -> config.diskLayout(tier);
      }
    }
    return config.build();
  }

  /** {@return the tiers there are, the fastest first} */
  static List<CacheLevel> levels(ReplayOptions options) {
    return Arrays.stream(CacheLevel.values()).filter(level -> options.capacity(level) > 0).toList();
  }

  /** {@return the sets of a worker; the caller closes it before the platform} */
  static ShardWorker worker(ReplayOptions options, Platform platform) {
    ShardWorker.Builder sets = ShardWorker.builder().verification(options.tiering().verification());
    for (CacheLevel level : levels(options)) {
      Backend backend = ReplayTiers.backend(level, options, platform);
      if (backend.allocators().isEmpty()) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG,
            "backend %s allocates no storage, which shards need; choose another for the %s tier"
                .formatted(options.backend(level), level.text()));
      }
      sets.set(
          level.text(),
          BlockShape.ofByteSize(options.blockByteSize()),
          KvManagerLayoutConfig.builder()
              .numBlocks(options.capacity(level))
              .alignment(AllocationRequest.DEFAULT_ALIGNMENT)
              .allocator(backend.allocators().getFirst())
              .build());
    }
    return sets.build(platform.transfers(), platform.clock(), platform.executor());
  }
}
