package io.kvbm.core.tier;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.config.KvManagerModelConfig;
import io.kvbm.api.config.KvManagerRuntimeConfig;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Storage;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.layout.Layouts;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tiering.TieringEngine;
import io.kvbm.core.tiering.TieringOptions;
import io.kvbm.core.transfer.TransferLimits;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Up to three tiers over storages of the test's own, moved by a {@link ScriptedTransport}. */
public final class TestTiers implements AutoCloseable {

  public static final KvManagerModelConfig MODEL =
      KvManagerModelConfig.builder()
          .numLayers(2)
          .outerDim(2)
          .pageSize(4)
          .innerDim(8)
          .dtype(DType.FP16)
          .build();

  public final ScriptedTransport transport = new ScriptedTransport();
  public final Platform platform;
  public final KvBlockManager manager;
  private final List<Storage> storages = new ArrayList<>();

  public TestTiers(int device, int host, int disk) {
    this(device, host, disk, LayoutType.FULLY_CONTIGUOUS);
  }

  public TestTiers(int device, int host, int disk, TieringOptions options) {
    this(device, host, disk, LayoutType.FULLY_CONTIGUOUS, options);
  }

  TestTiers(int device, int host, int disk, LayoutType lower) {
    this(device, host, disk, lower, TieringOptions.DEFAULT);
  }

  TestTiers(int device, int host, int disk, LayoutType lower, TieringOptions options) {
    this(device, host, disk, lower, options, TransferLimits.DEFAULT);
  }

  public TestTiers(
      int device, int host, int disk, TieringOptions options, TransferLimits transfers) {
    this(device, host, disk, LayoutType.FULLY_CONTIGUOUS, options, transfers);
  }

  private TestTiers(
      int device,
      int host,
      int disk,
      LayoutType lower,
      TieringOptions options,
      TransferLimits transfers) {
    platform = Platform.builder().providers(List.of(transport)).transferLimits(transfers).build();
    KvBlockManagerConfig.Builder config =
        KvBlockManagerConfig.builder()
            .runtime(KvManagerRuntimeConfig.builder().build())
            .model(MODEL)
            .deviceLayout(tier(device, LayoutType.FULLY_CONTIGUOUS));
    if (host > 0) {
      config.hostLayout(tier(host, lower));
    }
    if (disk > 0) {
      config.diskLayout(tier(disk, lower));
    }
    manager = KvBlockManager.create(config.build(), options, platform);
  }

  private KvManagerLayoutConfig tier(int blocks, LayoutType type) {
    List<Storage> own = new ArrayList<>();
    for (long byteSize : Layouts.of(type).storageByteSizes(MODEL.layout(blocks, 1))) {
      own.add(new HostStorage(byteSize));
    }
    storages.addAll(own);
    return KvManagerLayoutConfig.builder()
        .numBlocks(blocks)
        .layoutType(type)
        .alignment(1)
        .storages(own)
        .build();
  }

  public TieringEngine tiering() {
    return manager.tiering();
  }

  public BlockPool pool(CacheLevel level) {
    return manager.tiers().stream()
        .filter(t -> t.level() == level)
        .findFirst()
        .orElseThrow()
        .pool();
  }

  public static BlockKey key(long n) {
    return BlockKey.derived(n);
  }

  public static List<BlockKey> keys(long... numbers) {
    List<BlockKey> keys = new ArrayList<>();
    for (long n : numbers) {
      keys.add(key(n));
    }
    return keys;
  }

  /** Registers a block whose bytes follow from its key. */
  public static ImmutableBlock register(BlockPool pool, BlockKey key, @Nullable BlockKey parent) {
    MutableBlock block = pool.allocateBlocks(1).getFirst();
    fill(block, key);
    return block.complete(key, parent).register();
  }

  public static void fill(MutableBlock block, BlockKey key) {
    for (int layer = 0; layer < block.numLayers(); layer++) {
      for (int outer = 0; outer < block.numOuterDims(); outer++) {
        BytePatterns.fill(
            block.layerViewMut(layer, outer).segment(), key.lo() * 31 + 7 * layer + outer);
      }
    }
  }

  public static void verify(ImmutableBlock block) {
    for (int layer = 0; layer < block.numLayers(); layer++) {
      for (int outer = 0; outer < block.numOuterDims(); outer++) {
        BytePatterns.verify(
            block.layerView(layer, outer).segment(),
            block.key().lo() * 31 + 7 * layer + outer,
            "block " + block.key());
      }
    }
  }

  @Override
  public void close() {
    manager.close();
    platform.close();
    storages.forEach(Storage::close);
  }
}
