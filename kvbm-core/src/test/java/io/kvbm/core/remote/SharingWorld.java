package io.kvbm.core.remote;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.config.KvManagerRuntimeConfig;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.Clock;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.TestTiers;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Managers, each with a platform of its own, that share over one {@link LoopbackAgents}. */
@SuppressWarnings("try") // closing may wait
final class SharingWorld implements AutoCloseable {

  static final SharingOptions SHARED = SharingOptions.DEFAULT.withDirectory("local");

  final LoopbackAgents agents = new LoopbackAgents();
  private final Clock clock;
  private final List<AutoCloseable> open = new ArrayList<>();

  SharingWorld() {
    this(Clock.SYSTEM);
  }

  SharingWorld(Clock clock) {
    this.clock = clock;
  }

  /** One worker. */
  record Worker(KvBlockManager manager, Platform platform) {
    Sharing sharing() {
      return manager.sharing().orElseThrow();
    }

    void close() throws Exception {
      manager.close();
      platform.close();
    }
  }

  Worker worker(long id, int blocks, SharingOptions options) {
    return worker(id, options, "model", c -> c.deviceLayout(system(blocks)));
  }

  Worker worker(
      long id,
      SharingOptions options,
      String model,
      UnaryOperator<KvBlockManagerConfig.Builder> tiers) {
    List<BackendProvider> providers = new ArrayList<>();
    ServiceLoader.load(BackendProvider.class)
        .forEach(
            provider -> {
              if (provider.name().equals("system")) {
                providers.add(provider);
              }
            });
    providers.add(agents);
    Platform platform = Platform.builder().providers(providers).clock(clock).build();
    open.add(platform);
    current = platform;
    KvBlockManagerConfig config =
        tiers
            .apply(
                KvBlockManagerConfig.builder()
                    .runtime(
                        KvManagerRuntimeConfig.builder()
                            .workerId(id)
                            .modelName(model)
                            .enableRemote()
                            .build())
                    .model(TestTiers.MODEL))
            .build();
    KvBlockManager manager =
        KvBlockManager.builder(config).platform(platform).sharing(options).build();
    open.add(manager);
    return new Worker(manager, platform);
  }

  private @Nullable Platform current;

  KvManagerLayoutConfig system(int blocks) {
    return KvManagerLayoutConfig.builder()
        .numBlocks(blocks)
        .layoutType(LayoutType.FULLY_CONTIGUOUS)
        .allocator(Objects.requireNonNull(current).allocator("system"))
        .build();
  }

  KvManagerLayoutConfig store(int blocks) {
    return KvManagerLayoutConfig.builder()
        .numBlocks(blocks)
        .blockStore(Objects.requireNonNull(current).blockStore("system", BackendConfig.empty()))
        .build();
  }

  static List<BlockKey> sequence(long first, int count) {
    return LongStream.range(first, first + count).mapToObj(TestTiers::key).toList();
  }

  /** Fills and registers a sequence in the top tier. */
  static void register(Worker worker, List<BlockKey> keys) {
    List<ImmutableBlock> held = new ArrayList<>();
    List<MutableBlock> fresh = worker.manager().tiering().allocate(keys.size());
    for (int i = 0; i < keys.size(); i++) {
      TestTiers.fill(fresh.get(i), keys.get(i));
      held.addAll(
          worker
              .manager()
              .tiering()
              .register(
                  List.of(fresh.get(i).complete(keys.get(i), i == 0 ? null : keys.get(i - 1)))));
    }
    BlockPool.closeAll(held);
  }

  void awaitPublished(long workerId, List<BlockKey> keys) {
    TestTiers.await(() -> agents.directory.of(workerId).containsAll(keys));
  }

  @Override
  public void close() throws Exception {
    agents.release();
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
  }
}
