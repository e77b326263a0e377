package io.kvbm.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.block.BlockParallelismStrategy;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.config.KvManagerModelConfig;
import io.kvbm.api.config.RemoteOptions;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.layout.DType;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.spi.Spi;
import io.kvbm.api.spi.SpiVersion;
import io.kvbm.core.config.ConfigSchema;
import io.kvbm.core.config.ConfigSetting;
import io.kvbm.core.config.KvbmConfig;
import io.kvbm.core.cost.GateMode;
import io.kvbm.core.cost.RecomputeCost;
import io.kvbm.core.metrics.MicrometerMetrics;
import io.kvbm.core.offload.PriorityAdmission;
import io.kvbm.core.offload.WritePolicy;
import io.kvbm.core.remote.SharingOptions;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.Verification;
import io.kvbm.core.tiering.TieringOptions;
import io.kvbm.core.transfer.TransferLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfiguredManagerTest {

  /**
   * Every setting of the core, none at its default; those that exclude others are in tests below.
   */
  private static final String EVERYTHING =
      """
      platform:
        plugins: /plugins
        ioThreads: 3
        memoryBudget: 1000
        metrics: micrometer
        leakDetection: true
      transfers: {maxQueuedBlocks: 5, maxBytesInFlight: 6, maxBatchesInFlight: 7}
      transfers.maxBatchBlocks: 8
      transfers.bounceByteSize: 9
      transfers.stall: 10ms
      transfers.maxStalledBatches: 11
      transfers.drain: 12s
      tiering:
        belowDevice: through
        belowHost: selective
        sightings: 3
        leastPriority: 4
        demotion: 5ms
        verification: all
        costGate: advise
        tokensPerSecond: 6000
        quadraticPicoseconds: 7
      runtime:
        workerId: 10
        modelName: llama
        salt: pepper
        lora: adapter
        remote: use-agent
        remoteAgent: agent
        hashScheme: xxh3-64-v1
      sharing:
        directory: etcd
        lend: host, disk
        writable: true
        staging: 4096
        fetchTimeout: 3s
        maxFetchBlocks: 14
        maxLentBlocks: 15
        publish: false
      model: {numLayers: 2, outerDim: 1, pageSize: 4, innerDim: 8, dtype: int8}
      tiers:
        device:
          blocks: 11
          backend: auto
          holder: logical
          layout: paged
          alignment: 64
          policy: fifo
        host:
          blocks: 12
          backend: system@%1$s
          holder: allocator
          layout: layer-separate-outer-contiguous
          alignment: 128
          policy: priority
        disk:
          blocks: 13
          backend: system
          holder: block-store
          layout: layer-separate-block-contiguous
          alignment: 256
          policy: fifo
      """;

  @TempDir private Path folder;

  private KvbmConfig config(String yaml) {
    return config(yaml, Platform.builder().schema());
  }

  private KvbmConfig config(String yaml, ConfigSchema schema) {
    Path file = folder.resolve("kvbm.yaml");
    try {
      Files.writeString(file, yaml);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return KvbmConfig.builder().file(file).build(schema);
  }

  private static String systemVersion() {
    try (Platform platform = Platform.load()) {
      return platform.backends().stream()
          .filter(backend -> backend.name().equals("system"))
          .findFirst()
          .orElseThrow()
          .version();
    }
  }

  @Test
  void everySettingOfTheCoreArrives() {
    KvbmConfig config = config(EVERYTHING.formatted(systemVersion()));
    for (ConfigSetting setting : ConfigSchema.ofCore().settings()) {
      boolean special =
          setting.path().equals("runtime.saltHash") || setting.path().endsWith(".byteSize");
      assertThat(config.isSet(setting.path())).as(setting.path()).isNotEqualTo(special);
      assertThat(config.string(setting.path()).orElse(""))
          .as(setting.path())
          .satisfies(
              text -> assertThat(special || !text.equals(setting.key().defaultValue())).isTrue());
    }
    assertThat(config.plugins()).contains(Path.of("/plugins"));

    try (Platform platform = Platform.builder().config(config).build()) {
      assertThat(platform.metrics()).isInstanceOf(MicrometerMetrics.class);
      assertThat(platform.leakDetection()).isTrue();
      assertThat(platform.transfers().limits())
          .isEqualTo(
              new TransferLimits(5, 6, 7, 8, 9).withPatience(10_000_000, 11, 12_000_000_000L));
      KvBlockManagerConfig manager = KvBlockManager.configured(config, platform);
      assertThat(KvBlockManager.tiering(config, platform))
          .isEqualTo(
              TieringOptions.DEFAULT
                  .withWrites(List.of(WritePolicy.THROUGH, WritePolicy.SELECTIVE))
                  .withSightings(3)
                  .withAdmissions(List.of(new PriorityAdmission(4)))
                  .withDemotionNanos(5_000_000)
                  .withVerification(Verification.ALL)
                  .withGate(GateMode.ADVISE, new RecomputeCost(6000, 7e-12, 4)));

      assertThat(KvBlockManager.sharing(config))
          .isEqualTo(
              SharingOptions.DEFAULT
                  .withDirectory("etcd")
                  .withLend(Set.of(CacheLevel.HOST, CacheLevel.DISK))
                  .withWritable(true)
                  .withStagingByteSize(4096)
                  .withFetches(Duration.ofSeconds(3), 14, SharingOptions.DEFAULT.maxFetches())
                  .withLoans(15, SharingOptions.DEFAULT.loanTime())
                  .withPublish(false));

      assertThat(manager.model()).isEqualTo(new KvManagerModelConfig(2, 1, 4, 8, DType.INT8));
      assertThat(manager.hashScheme()).isEqualTo("xxh3-64-v1");
      assertThat(manager.runtime().workerId()).isEqualTo(10);
      assertThat(manager.runtime().modelName()).isEqualTo("llama");
      assertThat(manager.runtime().salt()).isEqualTo(CacheSalt.of("pepper", "adapter"));
      assertThat(manager.runtime().remote()).isEqualTo(RemoteOptions.useAgent("agent"));
      assertThat(manager.runtime().metricsRegistry()).isSameAs(platform.metrics());
      assertTier(manager.deviceLayout(), 11, "paged", 64, "fifo");
      assertThat(Objects.requireNonNull(manager.deviceLayout()).logical())
          .isEqualTo(BlockParallelismStrategy.LEADER_WORKER_SHARDED);
      assertTier(manager.hostLayout(), 12, "layer-separate-outer-contiguous", 128, "priority");
      assertThat(Objects.requireNonNull(manager.hostLayout()).allocator()).isNotNull();
      assertTier(manager.diskLayout(), 13, "layer-separate-block-contiguous", 256, "fifo");
      assertThat(Objects.requireNonNull(manager.diskLayout()).blockStore()).isNotNull();
    }
  }

  @Test
  void aTierCanBeGivenInBytes() {
    KvbmConfig config =
        config(
            """
            model: {numLayers: 2, outerDim: 1, pageSize: 4, innerDim: 8, dtype: fp16}
            tiers.host.byteSize: 1000
            tiers.host.backend: system
            """);
    try (Platform platform = Platform.builder().config(config).build()) {
      KvBlockManagerConfig manager = KvBlockManager.configured(config, platform);
      assertThat(Objects.requireNonNull(manager.hostLayout()).numBlocks())
          .as("1000 / (2 * 4 * 8 * 2)")
          .isEqualTo(7);
      assertThat(KvBlockManager.tiering(config, platform)).isEqualTo(TieringOptions.DEFAULT);
    }
    KvbmConfig small = config("tiers.host.byteSize: 10");
    try (Platform platform = Platform.builder().config(small).build()) {
      assertThatThrownBy(() -> KvBlockManager.configured(small, platform))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("tiers.host.byteSize")
          .hasMessageContaining("a block takes");
    }
  }

  @Test
  void aGateNeedsToKnowHowFastComputingIs() {
    KvbmConfig config = config("tiers.host.blocks: 4\ntiering.costGate: enforce");
    try (Platform platform = Platform.builder().config(config).build()) {
      assertThatThrownBy(() -> KvBlockManager.tiering(config, platform))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("tiering.costGate")
          .hasMessageContaining("it needs tiering.tokensPerSecond");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "DYN_KVBM_CPU_CACHE_OVERRIDE_NUM_BLOCKS, 64, tiers.host.blocks, 64",
    "DYN_KVBM_DISK_CACHE_OVERRIDE_NUM_BLOCKS, 65, tiers.disk.blocks, 65",
    "DYN_KVBM_CPU_CACHE_GB, 1.5, tiers.host.byteSize, 1500000000",
    "DYN_KVBM_DISK_CACHE_GB, 20, tiers.disk.byteSize, 20000000000",
    "DYN_KVBM_MAX_CONCURRENT_TRANSFERS, 4, transfers.maxBatchesInFlight, 4",
    "DYN_KVBM_MAX_TRANSFER_BATCH_SIZE, 16, transfers.maxBatchBlocks, 16",
    "DYN_KVBM_HOST_OFFLOAD_PREFIX_MIN_PRIORITY, 7, tiering.leastPriority, 7",
    "DYN_KVBM_DISABLE_DISK_OFFLOAD_FILTER, true, tiering.belowHost, back",
    "DYN_KVBM_DISABLE_DISK_OFFLOAD_FILTER, false, tiering.belowHost, selective",
  })
  void dynamosVariablesStandForSettings(
      String variable, String text, String path, String expected) {
    KvbmConfig config =
        KvbmConfig.builder().environment(Map.of(variable, text)).build(ConfigSchema.ofCore());
    assertThat(config.string(path)).contains(expected);
  }

  /**
   * There, a value that is none is taken for the default; here nobody gets what he did not ask for.
   */
  @ParameterizedTest
  @CsvSource({
    "DYN_KVBM_CPU_CACHE_GB, not_a_number, tiers.host.byteSize",
    "DYN_KVBM_MAX_TRANSFER_BATCH_SIZE, not_a_number, transfers.maxBatchBlocks",
    "DYN_KVBM_MAX_TRANSFER_BATCH_SIZE, 0, transfers.maxBatchBlocks",
    "DYN_KVBM_MAX_CONCURRENT_TRANSFERS, 0, transfers.maxBatchesInFlight",
  })
  void unlike_case29_aValueThatIsNoneIsAnErrorThatNamesTheVariable(
      String variable, String text, String path) {
    assertThatThrownBy(
            () ->
                KvbmConfig.builder()
                    .environment(Map.of(variable, text))
                    .build(ConfigSchema.ofCore()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(variable)
        .hasMessageContaining(path)
        .hasMessageContaining("'" + text + "'");
  }

  private static void assertTier(
      @Nullable KvManagerLayoutConfig actual,
      int blocks,
      String layout,
      long alignment,
      String policy) {
    KvManagerLayoutConfig tier = Objects.requireNonNull(actual);
    assertThat(tier.numBlocks()).isEqualTo(blocks);
    assertThat(tier.layoutType().name()).isEqualTo(layout);
    assertThat(tier.alignment()).isEqualTo(alignment);
    assertThat(tier.evictionPolicy()).isEqualTo(policy);
  }

  @Test
  void aManagerStartsFromOneFile() {
    KvbmConfig config =
        config(
            """
            runtime.workerId: 7
            model: {numLayers: 2, innerDim: 32}
            tiers: {host: {blocks: 4}}
            platform.leakDetection: true
            backends.system.hugePages: false
            """);
    try (KvBlockManager manager = KvBlockManager.create(config)) {
      assertThat(manager.workerId()).isEqualTo(7);
      assertThat(manager.tiers()).singleElement().matches(tier -> tier.level() == CacheLevel.HOST);
      assertThat(manager.host().orElseThrow().totalBlocks()).isEqualTo(4);
    }
  }

  @Test
  void whatIsNotSetStaysAsTheBuilderHasIt() {
    KvbmConfig config = config("tiers.host.blocks: 4\nplatform.leakDetection: false");
    MetricsSink own = MetricsSink.NULL;
    try (Platform platform = Platform.builder().metrics(own).config(config).build()) {
      assertThat(platform.metrics()).isSameAs(own);
      assertThat(platform.leakDetection()).isFalse();
      assertThat(KvBlockManager.configured(config, platform).hostLayout()).isNotNull();
    }
  }

  @Test
  void saltHashTakesThePlaceOfSaltAndLora() {
    try (Platform platform = Platform.load()) {
      KvbmConfig config = config("tiers.host.blocks: 1\nruntime.saltHash: -5");
      assertThat(KvBlockManager.configured(config, platform).runtime().salt())
          .isEqualTo(CacheSalt.ofHash(-5));
      KvbmConfig shared = config("tiers.host.blocks: 1\nruntime.remote: enabled");
      assertThat(KvBlockManager.configured(shared, platform).runtime().remote())
          .isEqualTo(RemoteOptions.ENABLED);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          model.pageSize: 4|no tier is configured; set one of tiers.device.blocks
          tiers.host: {blocks: 1, backend: sistem}|:1:34: 'tiers.host.backend' is 'sistem': nothing installed
          tiers.host: {blocks: 1, policy: lfuu}|:1:33: 'tiers.host.policy' is 'lfuu':
          tiers.host: {blocks: 1, layout: flat}|:1:33: 'tiers.host.layout' is 'flat':
          tiers.host: {blocks: 1, layout: F}|:1:33: 'tiers.host.layout' is 'F':
          tiers.host: {blocks: 1, alignment: 3}|:1:36: 'tiers.host.alignment' is '3': alignment 3 is not a power of two
          tiers.host: {blocks: 1, backend: 'null', holder: block-store}|'tiers.host.backend' is 'null':
          {tiers.host.blocks: 1, runtime.hashScheme: md5}|'runtime.hashScheme' is 'md5':
          {tiers.host.blocks: 1, runtime.remote: use-agent}|it needs the name in runtime.remoteAgent
          {tiers.host.blocks: 1, runtime.remoteAgent: a}|it is used only with runtime.remote: use-agent
          {tiers.host.blocks: 1, runtime.salt: a, runtime.saltHash: 1}|'runtime.saltHash' is '***': it takes the place of runtime.salt
          """)
  void whatCannotBeSetUpIsToldWithItsPlace(String yaml, String expected) {
    KvbmConfig config = config(yaml);
    assertThatThrownBy(() -> KvBlockManager.create(config))
        .isInstanceOf(ConfigurationException.class)
        .message()
        .contains(expected)
        .doesNotContain("\n");
  }

  @Test
  void backendsGetTheBudgetAndTheThreads() throws InterruptedException {
    List<BackendContext> contexts = new ArrayList<>();
    NamedProvider tape =
        new NamedProvider(
            "tape",
            100,
            new SpiVersion(Spi.MAJOR, Spi.MINOR),
            Set.of("tape"),
            new Availability.Available("here"),
            context -> {
              contexts.add(context);
              return () -> {};
            });
    Platform.Builder builder = Platform.builder().providers(List.of(tape));
    KvbmConfig config =
        KvbmConfig.builder()
            .environment(
                Map.of("KVBM_PLATFORM_MEMORY_BUDGET", "1000", "KVBM_PLATFORM_IO_THREADS", "2"))
            .build(builder.schema());
    assertThat(builder.schema().backends()).containsExactly("tape");
    try (Platform platform = builder.config(config).build()) {
      platform.backend("tape");
      MemoryBudget budget = contexts.getFirst().memoryBudget();
      MemoryBudget.Reservation some = budget.reserve(600);
      assertThatThrownBy(() -> budget.reserve(401))
          .isInstanceOf(CapacityException.class)
          .hasMessageContaining("401 bytes")
          .hasMessageContaining("platform.memoryBudget");
      some.close();
      some.close();
      assertThatThrownBy(() -> budget.reserve(1001)).isInstanceOf(CapacityException.class);
      budget.reserve(1000).close();
      assertThat(threadsOf(contexts.getFirst().ioExecutor())).hasSize(2);
    }
  }

  /** Every task waits until each of as many threads as there may be has one. */
  private static Set<String> threadsOf(Executor executor) throws InterruptedException {
    Set<String> names = ConcurrentHashMap.newKeySet();
    CountDownLatch started = new CountDownLatch(2);
    CountDownLatch done = new CountDownLatch(20);
    for (int i = 0; i < 20; i++) {
      executor.execute(
          () -> {
            names.add(Thread.currentThread().getName());
            started.countDown();
            try {
              started.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            done.countDown();
          });
    }
    done.await();
    return names;
  }
}
