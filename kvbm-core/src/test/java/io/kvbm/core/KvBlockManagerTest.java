package io.kvbm.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.block.SerializedBlockSet;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.config.KvManagerModelConfig;
import io.kvbm.api.config.KvManagerRuntimeConfig;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.RecoveryReport;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.PoolStatus;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.MovedBlock;
import io.kvbm.core.transfer.TransferOptions;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class KvBlockManagerTest {

  private static final KvManagerModelConfig MODEL =
      KvManagerModelConfig.builder()
          .numLayers(4)
          .outerDim(2)
          .pageSize(16)
          .innerDim(32)
          .dtype(DType.FP16)
          .build();

  private static KvManagerLayoutConfig.Builder tier(int blocks, LayoutType type) {
    return KvManagerLayoutConfig.builder().numBlocks(blocks).layoutType(type);
  }

  private static KvBlockManagerConfig.Builder config() {
    return KvBlockManagerConfig.builder()
        .runtime(KvManagerRuntimeConfig.builder().workerId(3).build())
        .model(MODEL);
  }

  @Test
  void theMultiTierSetupOfTheHandbookMovesBlocks() {
    try (Platform platform = Platform.load()) {
      KvBlockManagerConfig config =
          config()
              .deviceLayout(
                  tier(10, LayoutType.FULLY_CONTIGUOUS)
                      .allocator(platform.allocator("system"))
                      .build())
              .hostLayout(
                  tier(50, LayoutType.PAGED).allocator(platform.allocator("system")).build())
              .diskLayout(
                  tier(500, LayoutType.LAYER_SEPARATE_OUTER_CONTIGUOUS)
                      .allocator(platform.allocator("system"))
                      .build())
              .build();
      try (KvBlockManager manager = KvBlockManager.create(config, platform)) {
        assertThat(manager.tiers()).hasSize(3);
        assertThat(manager.blockSize()).isEqualTo(16);
        throughAllTiers(manager);
      }
    }
  }

  @Test
  void aBlockStoreIsATier() {
    try (Platform platform = Platform.load()) {
      KvBlockManagerConfig config =
          config()
              .deviceLayout(
                  tier(4, LayoutType.LAYER_SEPARATE_BLOCK_CONTIGUOUS)
                      .allocator(platform.allocator("system"))
                      .build())
              .hostLayout(
                  KvManagerLayoutConfig.builder()
                      .numBlocks(8)
                      .blockStore(platform.blockStore("system", BackendConfig.empty()))
                      .build())
              .build();
      try (KvBlockManager manager = KvBlockManager.create(config, platform)) {
        throughAllTiers(manager);
        assertThat(manager.host().orElseThrow().store()).isPresent();
        try (ImmutableBlock kept =
            manager.host().orElseThrow().find(BlockKey.derived(5)).orElseThrow()) {
          assertThatThrownBy(() -> kept.layerView(0, 0))
              .isInstanceOfSatisfying(
                  KvbmException.class,
                  e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_ACCESSIBLE));
        }
      }
    }
  }

  /** Down tier by tier, then up from the lowest; bytes compared at the top. */
  private static void throughAllTiers(KvBlockManager manager) {
    BlockPool device = manager.device().orElseThrow();
    BlockKey key = BlockKey.derived(5);
    MutableBlock filling = device.allocateBlocks(1).getFirst();
    for (int layer = 0; layer < 4; layer++) {
      for (int outer = 0; outer < 2; outer++) {
        BytePatterns.fill(filling.layerViewMut(layer, outer).segment(), 10 * layer + outer);
      }
    }
    ImmutableBlock block = filling.complete(key, null).register();
    for (CacheLevel level : List.of(CacheLevel.HOST, CacheLevel.DISK)) {
      if (manager.tiers().stream().anyMatch(tier -> tier.level() == level)) {
        MovedBlock moved =
            manager.offload(List.of(block), level, TransferOptions.DEFAULT).await().getFirst();
        assertThat(moved.outcome().isDone()).isTrue();
        block.close();
        block = moved.block().orElseThrow();
      }
    }
    device.reset();
    MovedBlock raised =
        manager
            .onboard(List.of(block), CacheLevel.DEVICE, TransferOptions.DEFAULT)
            .await()
            .getFirst();
    block.close();
    try (ImmutableBlock top = raised.block().orElseThrow()) {
      for (int layer = 0; layer < 4; layer++) {
        for (int outer = 0; outer < 2; outer++) {
          BytePatterns.verify(top.layerView(layer, outer).segment(), 10 * layer + outer, "top");
        }
      }
    }
  }

  @Test
  void closeEndsPendingCalls() {
    List<Runnable> queued = new ArrayList<>();
    Executor executor = queued::add;
    try (Platform platform = Platform.load()) {
      KvBlockManager manager =
          KvBlockManager.create(
              KvBlockManagerConfig.builder()
                  .runtime(KvManagerRuntimeConfig.builder().executor(executor).build())
                  .model(MODEL)
                  .deviceLayout(
                      tier(4, LayoutType.FULLY_CONTIGUOUS)
                          .allocator(platform.allocator("system"))
                          .build())
                  .build(),
              platform);
      BlockPool device = manager.device().orElseThrow();
      CompletableFuture<?> pending = device.allocateBlocksAsync(2).toCompletableFuture();
      manager.close();
      manager.close();
      assertThatThrownBy(pending::join)
          .cause()
          .isInstanceOfSatisfying(
              ClosedException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.PROGRESS_ENGINE_SHUTDOWN));
      queued.forEach(Runnable::run);
      assertThat(device.status()).isEqualTo(new PoolStatus(0, 0, 4));
      assertThatThrownBy(manager::exportLocalBlockset)
          .isInstanceOfSatisfying(
              ClosedException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.PROGRESS_ENGINE_SHUTDOWN));
    }
  }

  @Test
  void withoutSharingBlockSetsAreAConfigurationError() {
    try (Platform platform = Platform.load();
        KvBlockManager manager =
            KvBlockManager.create(
                config()
                    .deviceLayout(
                        tier(1, LayoutType.FULLY_CONTIGUOUS)
                            .allocator(platform.allocator("system"))
                            .build())
                    .build(),
                platform)) {
      for (Runnable call :
          List.<Runnable>of(
              manager::exportLocalBlockset,
              () -> manager.importRemoteBlockset(new SerializedBlockSet(new byte[] {1})))) {
        assertThatThrownBy(call::run)
            .isInstanceOfSatisfying(
                ConfigurationException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG))
            .hasMessageContaining("worker 3");
      }
    }
  }

  /** Hands out storages and remembers them. */
  private static final class CountingAllocator implements StorageAllocator {
    private final List<HostStorage> storages = new ArrayList<>();

    @Override
    public String storageKind() {
      return "system";
    }

    @Override
    public Storage allocate(AllocationRequest request) {
      HostStorage storage = new HostStorage(request.byteSize());
      storages.add(storage);
      return storage;
    }
  }

  @Test
  void aManagerThatCannotBeMadeLeavesNothingBehind() {
    CountingAllocator allocator = new CountingAllocator();
    BlockStoreFactory broken = new ListedStoreFactory(List.of(), true);
    try (Platform platform = Platform.load()) {
      KvBlockManagerConfig config =
          config()
              .deviceLayout(tier(2, LayoutType.FULLY_CONTIGUOUS).allocator(allocator).build())
              .hostLayout(tier(2, LayoutType.PAGED).allocator(allocator).build())
              .diskLayout(KvManagerLayoutConfig.builder().numBlocks(2).blockStore(broken).build())
              .build();
      assertThatThrownBy(() -> KvBlockManager.create(config, platform))
          .isInstanceOf(ConfigurationException.class);
      assertThat(allocator.storages).hasSizeGreaterThanOrEqualTo(2);
      for (HostStorage storage : allocator.storages) {
        assertThatThrownBy(storage::lease).isInstanceOf(ClosedException.class);
      }
    }
  }

  @Test
  void storagesOfTheCallerStayOpen() {
    try (Platform platform = Platform.load();
        HostStorage own = new HostStorage(MODEL.blockByteSize() * 2)) {
      KvBlockManager.create(
              config()
                  .deviceLayout(
                      tier(2, LayoutType.FULLY_CONTIGUOUS)
                          .alignment(1)
                          .storages(List.of(own))
                          .build())
                  .build(),
              platform)
          .close();
      own.lease().close();
    }
  }

  @Test
  void whatAStoreFoundIsThereAgain() {
    BlockKey parent = BlockKey.derived(1);
    List<StoredBlock> found =
        List.of(
            new StoredBlock(2, BlockKey.derived(2), parent, 4, 0, 0),
            new StoredBlock(0, parent, null, 9, 0, 6));
    try (Platform platform = Platform.load();
        KvBlockManager manager =
            KvBlockManager.create(
                config()
                    .deviceLayout(
                        tier(2, LayoutType.FULLY_CONTIGUOUS)
                            .allocator(platform.allocator("system"))
                            .build())
                    .diskLayout(
                        KvManagerLayoutConfig.builder()
                            .numBlocks(4)
                            .blockStore(new ListedStoreFactory(found, false))
                            .build())
                    .build(),
                platform)) {
      BlockPool disk = manager.disk().orElseThrow();
      assertThat(disk.status()).isEqualTo(new PoolStatus(0, 2, 2));
      List<ImmutableBlock> prefix = disk.matchBlocks(List.of(parent, BlockKey.derived(2)));
      assertThat(prefix).extracting(disk::generation).containsExactly(9L, 4L);
      BlockPool.closeAll(prefix);
      BlockPool.closeAll(disk.allocateBlocks(3));
      assertThat(disk.contains(parent)).as("the child goes first").isTrue();
    }
  }

  @Test
  void aStoreThatNamesABlockTwiceDoesNotKeepTheManagerFromStarting() {
    List<StoredBlock> found =
        List.of(
            new StoredBlock(0, BlockKey.derived(1), null, 1, 0, 0),
            new StoredBlock(1, BlockKey.derived(1), null, 2, 0, 0),
            new StoredBlock(99, BlockKey.derived(2), null, 2, 0, 0),
            new StoredBlock(3, BlockKey.derived(3), null, 2, 0, 0));
    try (Platform platform = Platform.load();
        KvBlockManager manager =
            KvBlockManager.create(
                config()
                    .diskLayout(
                        KvManagerLayoutConfig.builder()
                            .numBlocks(4)
                            .blockStore(new ListedStoreFactory(found, false))
                            .build())
                    .build(),
                platform)) {
      assertThat(manager.disk().orElseThrow().status()).isEqualTo(new PoolStatus(0, 2, 2));
    }
  }

  /** A store whose recovery names chosen blocks, or that cannot be recovered. */
  private record ListedStoreFactory(List<StoredBlock> found, boolean fails)
      implements BlockStoreFactory {
    @Override
    public String storageKind() {
      return "disk";
    }

    @Override
    public boolean isPersistent() {
      return true;
    }

    @Override
    public BlockStore open(Spec spec) {
      return new ListedStore(spec, this);
    }
  }

  private record ListedStore(BlockStoreFactory.Spec spec, ListedStoreFactory factory)
      implements BlockStore {
    @Override
    public int slots() {
      return spec.slots();
    }

    @Override
    public long slotByteSize() {
      return spec.slotByteSize();
    }

    @Override
    public RecoveryReport recover(Consumer<StoredBlock> found) {
      if (factory.fails()) {
        throw new ConfigurationException(ErrorCode.INVALID_CONFIG, "another process has the store");
      }
      factory.found().forEach(found);
      return new RecoveryReport(factory.found().size(), 0, 0);
    }

    @Override
    public void write(List<BlockWrite> writes, TransferCompletion completion) {
      completion.drained();
    }

    @Override
    public void read(List<BlockRead> reads, TransferCompletion completion) {
      completion.drained();
    }

    @Override
    public void invalidate(int slot, long generation) {}

    @Override
    public void close() {}
  }
}
