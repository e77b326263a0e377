package io.kvbm.core;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockParallelismStrategy;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.config.KvManagerModelConfig;
import io.kvbm.api.config.KvManagerRuntimeConfig;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.spi.Backend;
import io.kvbm.core.config.CoreSettings;
import io.kvbm.core.config.KvbmConfig;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tiering.TieringOptions;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/** Makes the configuration of a manager from what file, environment and program say. */
final class ManagerSettings {

  private final KvbmConfig config;
  private final Platform platform;

  ManagerSettings(KvbmConfig config, Platform platform) {
    this.config = config;
    this.platform = platform;
  }

  KvBlockManagerConfig read() {
    KvBlockManagerConfig.Builder manager =
        KvBlockManagerConfig.builder()
            .runtime(runtime())
            .model(model())
            .hashScheme(
                checked(
                    CoreSettings.HASH_SCHEME,
                    () -> platform.hashScheme(text(CoreSettings.HASH_SCHEME)).name()));
    boolean any = false;
    for (CacheLevel level : CacheLevel.values()) {
      if (blocks(level) > 0) {
        any = true;
        KvManagerLayoutConfig tier = tier(level);
        switch (level) {
          case DEVICE -> manager.deviceLayout(tier);
          case HOST -> manager.hostLayout(tier);
          case DISK -> manager.diskLayout(tier);
        }
      }
    }
    if (!any) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "no tier is configured; set one of tiers.device.blocks, tiers.host.blocks and"
              + " tiers.disk.blocks above 0");
    }
    return manager.build();
  }

  private KvManagerRuntimeConfig runtime() {
    KvManagerRuntimeConfig.Builder runtime =
        KvManagerRuntimeConfig.builder()
            .workerId(config.integer(CoreSettings.WORKER_ID).orElse(0L))
            .modelName(text(CoreSettings.MODEL_NAME))
            .salt(salt())
            .metricsRegistry(platform.metrics())
            .clock(platform.clock());
    String agent = text(CoreSettings.REMOTE_AGENT);
    switch (text(CoreSettings.REMOTE)) {
      case "enabled" -> runtime.enableRemote();
      case "use-agent" -> {
        if (agent.isBlank()) {
          throw config.invalid(
              CoreSettings.REMOTE, "it needs the name in " + CoreSettings.REMOTE_AGENT, null);
        }
        return runtime.useRemoteAgent(agent).build();
      }
      default -> runtime.disableRemote();
    }
    if (!agent.isBlank()) {
      throw config.invalid(
          CoreSettings.REMOTE_AGENT,
          "it is used only with " + CoreSettings.REMOTE + ": use-agent",
          null);
    }
    return runtime.build();
  }

  private CacheSalt salt() {
    Optional<Long> hash = config.integer(CoreSettings.SALT_HASH);
    String salt = text(CoreSettings.SALT);
    String lora = text(CoreSettings.LORA);
    if (hash.isEmpty()) {
      return CacheSalt.of(salt, lora);
    }
    if (!salt.isEmpty() || !lora.isEmpty()) {
      throw config.invalid(
          CoreSettings.SALT_HASH,
          "it takes the place of %s and %s, which are set too"
              .formatted(CoreSettings.SALT, CoreSettings.LORA),
          null);
    }
    return CacheSalt.ofHash(hash.get());
  }

  private KvManagerModelConfig model() {
    return KvManagerModelConfig.builder()
        .numLayers(config.requiredInt(CoreSettings.NUM_LAYERS))
        .outerDim(config.requiredInt(CoreSettings.OUTER_DIM))
        .pageSize(config.requiredInt(CoreSettings.PAGE_SIZE))
        .innerDim(config.requiredInt(CoreSettings.INNER_DIM))
        .dtype(DType.valueOf(text(CoreSettings.DTYPE).toUpperCase(Locale.ROOT)))
        .build();
  }

  private KvManagerLayoutConfig tier(CacheLevel level) {
    String layout = CoreSettings.tier(level, CoreSettings.LAYOUT);
    String policy = CoreSettings.tier(level, CoreSettings.POLICY);
    KvManagerLayoutConfig.Builder tier =
        KvManagerLayoutConfig.builder()
            .numBlocks(blocks(level))
            .evictionPolicy(checked(policy, () -> platform.evictionPolicy(text(policy)).name()));
    hold(level, tier);
    // After the backend was opened: it may bring the layout.
    tier.layoutType(checked(layout, () -> layoutType(text(layout))));
    return checked(
        CoreSettings.tier(level, CoreSettings.ALIGNMENT),
        () -> tier.alignment(alignment(level)).build());
  }

  private int blocks(CacheLevel level) {
    int blocks = config.requiredInt(CoreSettings.tier(level, CoreSettings.BLOCKS));
    String path = CoreSettings.tier(level, CoreSettings.BYTE_SIZE_OF_TIER);
    long bytes = config.byteSize(path).orElse(0L);
    if (blocks > 0 || bytes == 0) {
      return blocks;
    }
    long block = model().layout(1, 1).blockByteSize();
    if (bytes < block) {
      throw config.invalid(path, "a block takes %d bytes".formatted(block), null);
    }
    return (int) Math.min(Integer.MAX_VALUE, bytes / block);
  }

  /** {@return how the tiers work together} */
  TieringOptions tiering() {
    List<CacheLevel> levels =
        Arrays.stream(CacheLevel.values()).filter(level -> blocks(level) > 0).toList();
    return new TieringSettings(config).read(levels, config.requiredInt(CoreSettings.PAGE_SIZE));
  }

  private LayoutType layoutType(String name) {
    return platform.layout(new LayoutType(name)).type();
  }

  private long alignment(CacheLevel level) {
    return config.byteSize(CoreSettings.tier(level, CoreSettings.ALIGNMENT)).orElse(1L);
  }

  private void hold(CacheLevel level, KvManagerLayoutConfig.Builder tier) {
    String path = CoreSettings.tier(level, CoreSettings.BACKEND);
    String name = text(path);
    switch (text(CoreSettings.tier(level, CoreSettings.HOLDER))) {
      case "logical" -> tier.logical(BlockParallelismStrategy.LEADER_WORKER_SHARDED);
      case "allocator" -> tier.allocator(checked(path, () -> platform.allocator(name)));
      case "block-store" -> tier.blockStore(checked(path, () -> platform.blockStore(name)));
      default -> {
        Backend backend = checked(path, () -> platform.backend(name));
        if (backend.allocators().isEmpty()) {
          tier.blockStore(checked(path, () -> platform.blockStore(name)));
        } else {
          tier.allocator(checked(path, () -> platform.allocator(name)));
        }
      }
    }
  }

  private String text(String path) {
    return config.string(path).orElse("");
  }

  /** Says of what goes wrong which setting it is about, and where that stands. */
  private <T> T checked(String path, Supplier<T> reading) {
    try {
      return reading.get();
    } catch (ConfigurationException | CallerException e) {
      throw config.invalid(path, e.getMessage(), e);
    }
  }
}
