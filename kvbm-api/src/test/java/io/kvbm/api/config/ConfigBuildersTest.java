package io.kvbm.api.config;

import static io.kvbm.api.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.CancellationToken;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BasicMetadata;
import io.kvbm.api.block.BlockParallelismStrategy;
import io.kvbm.api.event.EventManager;
import io.kvbm.api.event.NullEventManager;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.RecordingStorage;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigBuildersTest {

  private static final StorageAllocator ALLOCATOR =
      new StorageAllocator() {
        @Override
        public String storageKind() {
          return "system";
        }

        @Override
        public Storage allocate(AllocationRequest request) {
          return RecordingStorage.of(request.byteSize());
        }
      };

  private static KvManagerLayoutConfig.Builder tier() {
    return KvManagerLayoutConfig.builder().numBlocks(8);
  }

  @Test
  void tierTakesExactlyOneSource() {
    assertRefused(ErrorCode.INVALID_CONFIG, () -> tier().build())
        .hasMessageContainingAll("storages", "allocator", "blockStore", "logical");
    try (RecordingStorage storage = RecordingStorage.of(8)) {
      assertThat(tier().storages(List.of(storage)).build().storages()).containsExactly(storage);
      assertRefused(
              ErrorCode.INVALID_CONFIG,
              () -> tier().storages(List.of(storage)).allocator(ALLOCATOR).build())
          .hasMessageContaining("[storages, allocator]");
    }
    for (BlockParallelismStrategy strategy : BlockParallelismStrategy.values()) {
      assertThat(tier().logical(strategy).build().logical()).isEqualTo(strategy);
      assertRefused(
              ErrorCode.INVALID_CONFIG, () -> tier().allocator(ALLOCATOR).logical(strategy).build())
          .hasMessageContaining("[allocator, logical]");
    }
  }

  @Test
  void tierHasDefaults() {
    KvManagerLayoutConfig config = tier().allocator(ALLOCATOR).build();
    assertThat(config.layoutType()).isEqualTo(LayoutType.FULLY_CONTIGUOUS);
    assertThat(config.alignment()).isEqualTo(1);
    assertThat(config.evictionPolicy()).isEqualTo("adaptive");
    assertThat(config.numBlocks()).isEqualTo(8);
    assertThat(config.allocator()).isSameAs(ALLOCATOR);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1})
  void tierNeedsBlocks(int numBlocks) {
    assertRefused(
            ErrorCode.INVALID_CONFIG,
            () -> KvManagerLayoutConfig.builder().numBlocks(numBlocks).allocator(ALLOCATOR).build())
        .hasMessageContainingAll("numBlocks", Integer.toString(numBlocks));
  }

  @Test
  void tierAlignmentIsAPowerOfTwo() {
    assertRefused(ErrorCode.INVALID_CONFIG, () -> tier().allocator(ALLOCATOR).alignment(24).build())
        .hasMessageContaining("24");
  }

  @Test
  void modelHasDefaultsAndLimits() {
    KvManagerModelConfig model = KvManagerModelConfig.builder().build();
    assertThat(model).isEqualTo(new KvManagerModelConfig(32, 2, 16, 4096, DType.FP16));
    assertThat(model.blockByteSize()).isEqualTo(8_388_608);
    assertThat(
            KvManagerModelConfig.builder()
                .numLayers(4)
                .outerDim(1)
                .pageSize(8)
                .innerDim(128)
                .dtype(DType.BF16)
                .build())
        .isEqualTo(new KvManagerModelConfig(4, 1, 8, 128, DType.BF16));
    assertThat(model.layout(1000, 4096))
        .isEqualTo(LayoutConfig.builder().numBlocks(1000).alignment(4096).build());
    assertRefused(
            ErrorCode.INVALID_CONFIG, () -> KvManagerModelConfig.builder().numLayers(129).build())
        .hasMessageContaining("129");
    assertRefused(
        ErrorCode.INVALID_CONFIG, () -> KvManagerModelConfig.builder().outerDim(3).build());
    assertRefused(
        ErrorCode.INVALID_CONFIG, () -> KvManagerModelConfig.builder().pageSize(0).build());
    assertRefused(
        ErrorCode.INVALID_CONFIG, () -> KvManagerModelConfig.builder().innerDim(32769).build());
  }

  @Test
  void managerNeedsATier() {
    assertRefused(ErrorCode.INVALID_CONFIG, () -> KvBlockManagerConfig.builder().build())
        .hasMessageContainingAll("device", "host", "disk");
    KvManagerLayoutConfig host = tier().allocator(ALLOCATOR).build();
    KvBlockManagerConfig config = KvBlockManagerConfig.builder().hostLayout(host).build();
    assertThat(config.hostLayout()).isSameAs(host);
    assertThat(config.deviceLayout()).isNull();
    assertThat(config.diskLayout()).isNull();
    assertThat(config.hashScheme()).isEqualTo("xxh3-64-v2");
    assertThat(config.eventManager()).isSameAs(NullEventManager.INSTANCE);
    assertThat(config.metadata().get()).isInstanceOf(BasicMetadata.class);
    assertThat(config.model()).isEqualTo(KvManagerModelConfig.builder().build());
  }

  @Test
  void managerKeepsWhatItIsGiven() {
    KvManagerLayoutConfig tier = tier().allocator(ALLOCATOR).build();
    KvManagerLayoutConfig host = tier().allocator(ALLOCATOR).build();
    EventManager events = new NullEventManager();
    KvManagerModelConfig model = KvManagerModelConfig.builder().dtype(DType.FP8).build();
    KvManagerRuntimeConfig runtime = KvManagerRuntimeConfig.builder().workerId(3).build();
    KvBlockManagerConfig config =
        KvBlockManagerConfig.builder()
            .runtime(runtime)
            .model(model)
            .deviceLayout(tier)
            .hostLayout(host)
            .diskLayout(tier)
            .eventManager(events)
            .metadata(() -> new BasicMetadata(5))
            .hashScheme("mine")
            .build();
    assertThat(config.runtime()).isSameAs(runtime);
    assertThat(config.model()).isSameAs(model);
    assertThat(config.deviceLayout()).isSameAs(tier);
    assertThat(config.hostLayout()).isSameAs(host);
    assertThat(config.diskLayout()).isSameAs(tier);
    assertThat(config.eventManager()).isSameAs(events);
    assertThat(config.metadata().get().priority()).isEqualTo(5);
    assertThat(config.hashScheme()).isEqualTo("mine");
  }

  @Test
  void runtimeHasDefaults() {
    KvManagerRuntimeConfig runtime = KvManagerRuntimeConfig.builder().build();
    assertThat(runtime.workerId()).isZero();
    assertThat(runtime.cancellationToken().isCancelled()).isFalse();
    assertThat(runtime.remote()).isEqualTo(RemoteOptions.DISABLED);
    assertThat(runtime.executor()).isEmpty();
    assertThat(runtime.metricsRegistry()).isSameAs(MetricsSink.NULL);
    assertThat(runtime.clock()).isSameAs(Clock.SYSTEM);
    assertThat(runtime.salt()).isEqualTo(CacheSalt.NONE);
  }

  @Test
  void runtimeKeepsWhatItIsGivenAndKnowsTheSpecificationsNames() {
    CancellationToken token = new CancellationToken();
    Executor executor = Runnable::run;
    MetricsSink metrics =
        new MetricsSink() {
          @Override
          public Counter counter(String name, String... tags) {
            return amount -> {};
          }

          @Override
          public Histogram histogram(String name, String... tags) {
            return value -> {};
          }

          @Override
          public void gauge(String name, DoubleSupplier value, String... tags) {}
        };
    KvManagerRuntimeConfig runtime =
        KvManagerRuntimeConfig.builder()
            .workerId(7)
            .cancellationToken(token)
            .executor(executor)
            .metricsRegistry(metrics)
            .modelName("model")
            .salt(CacheSalt.of("s", "l"))
            .enableNixl()
            .build();
    assertThat(runtime.workerId()).isEqualTo(7);
    assertThat(runtime.cancellationToken()).isSameAs(token);
    assertThat(runtime.metricsRegistry()).isSameAs(metrics);
    assertThat(runtime.executor()).containsSame(executor);
    assertThat(runtime.modelName()).isEqualTo("model");
    assertThat(runtime.salt()).isEqualTo(CacheSalt.of("s", "l"));
    assertThat(runtime.remote()).isEqualTo(RemoteOptions.ENABLED);
    assertThat(KvManagerRuntimeConfig.builder().useNixlAgent("a").build().remote())
        .isEqualTo(KvManagerRuntimeConfig.builder().useRemoteAgent("a").build().remote())
        .isEqualTo(RemoteOptions.useAgent("a"));
    assertThat(KvManagerRuntimeConfig.builder().enableNixl().disableNixl().build().remote())
        .isEqualTo(RemoteOptions.DISABLED);
  }
}
