package io.kvbm.core.tier;

import io.kvbm.api.CapacityException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.config.KvManagerModelConfig;
import io.kvbm.api.config.KvManagerRuntimeConfig;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.storage.Storage;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.layout.Layouts;
import io.kvbm.core.onboard.OnboardOptions;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tiering.TieringEngine;
import io.kvbm.core.tiering.TieringOptions;
import io.kvbm.core.transfer.TransferLimits;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
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
    this(device, host, disk, LayoutType.FULLY_CONTIGUOUS, builder -> builder.tiering(options));
  }

  /** With whatever else a manager can do. */
  public TestTiers(
      int device, int host, int disk, UnaryOperator<KvBlockManager.Builder> more, Clock clock) {
    this(device, host, disk, LayoutType.FULLY_CONTIGUOUS, more, clock, MetricsSink.NULL);
  }

  /** With whatever else a manager can do, and its metrics. */
  public TestTiers(
      int device,
      int host,
      int disk,
      UnaryOperator<KvBlockManager.Builder> more,
      Clock clock,
      MetricsSink metrics) {
    this(device, host, disk, LayoutType.FULLY_CONTIGUOUS, more, clock, metrics);
  }

  TestTiers(int device, int host, int disk, LayoutType lower) {
    this(device, host, disk, lower, builder -> builder);
  }

  TestTiers(int device, int host, int disk, LayoutType lower, TieringOptions options) {
    this(device, host, disk, lower, builder -> builder.tiering(options));
  }

  /** With limits of the engine that moves the blocks. */
  public TestTiers(
      int device, int host, int disk, TieringOptions options, TransferLimits transfers) {
    this(
        device,
        host,
        disk,
        LayoutType.FULLY_CONTIGUOUS,
        builder -> builder.tiering(options),
        Clock.SYSTEM,
        MetricsSink.NULL,
        transfers);
  }

  private TestTiers(
      int device,
      int host,
      int disk,
      LayoutType lower,
      UnaryOperator<KvBlockManager.Builder> more) {
    this(device, host, disk, lower, more, Clock.SYSTEM, MetricsSink.NULL);
  }

  private TestTiers(
      int device,
      int host,
      int disk,
      LayoutType lower,
      UnaryOperator<KvBlockManager.Builder> more,
      Clock clock,
      MetricsSink metrics) {
    this(device, host, disk, lower, more, clock, metrics, TransferLimits.DEFAULT);
  }

  private TestTiers(
      int device,
      int host,
      int disk,
      LayoutType lower,
      UnaryOperator<KvBlockManager.Builder> more,
      Clock clock,
      MetricsSink metrics,
      TransferLimits transfers) {
    platform =
        Platform.builder()
            .providers(List.of(transport))
            .clock(clock)
            .metrics(metrics)
            .transferLimits(transfers)
            .build();
    KvBlockManagerConfig.Builder config =
        KvBlockManagerConfig.builder()
            .runtime(KvManagerRuntimeConfig.builder().clock(clock).metricsRegistry(metrics).build())
            .model(MODEL)
            .deviceLayout(tier(device, LayoutType.FULLY_CONTIGUOUS));
    if (host > 0) {
      config.hostLayout(tier(host, lower));
    }
    if (disk > 0) {
      config.diskLayout(tier(disk, lower));
    }
    manager = more.apply(KvBlockManager.builder(config.build()).platform(platform)).build();
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

  /**
   * What an engine does with a sequence: brings up what is there, fills the rest.
   *
   * @return how much was there, or 0 where there was no room
   */
  public int use(List<BlockKey> keys) {
    return use(tiering(), keys);
  }

  /** Like {@link #use(List)}, of any engine. */
  public static int use(TieringEngine engine, List<BlockKey> keys) {
    List<ImmutableBlock> held = new ArrayList<>();
    try {
      held.addAll(engine.onboard(keys, OnboardOptions.DEFAULT).await().blocks());
      int hits = held.size();
      held.forEach(TestTiers::verify);
      List<BlockKey> missing = keys.subList(hits, keys.size());
      List<MutableBlock> fresh = engine.allocate(missing.size());
      for (int i = 0; i < fresh.size(); i++) {
        fill(fresh.get(i), missing.get(i));
        BlockKey parent = hits + i == 0 ? null : keys.get(hits + i - 1);
        held.addAll(engine.register(List.of(fresh.get(i).complete(missing.get(i), parent))));
      }
      held.forEach(TestTiers::verify);
      return hits;
    } catch (CapacityException e) {
      return 0; // several threads may hold too much at once
    } finally {
      BlockPool.closeAll(held);
    }
  }

  /** Waits until it is so; ends when the test's time is over. */
  public static void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      if (Thread.currentThread().isInterrupted()) {
        throw new AssertionError("waited in vain");
      }
      Thread.onSpinWait();
    }
  }

  @Override
  public void close() {
    manager.close();
    platform.close();
    storages.forEach(Storage::close);
  }
}
