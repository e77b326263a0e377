package io.kvbm.core.onboard;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.storage.Storage;
import io.kvbm.core.layout.Layouts;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.BlockMover;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.time.Deadlines;
import io.kvbm.core.transfer.OneTransport;
import io.kvbm.core.transfer.TransferEngine;
import io.kvbm.core.transfer.TransferLimits;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/** Tiers with bytes, an engine over a {@link GatedTransport}, and time that stands still. */
final class World implements AutoCloseable {

  static final String HOST = "system";
  static final String DISK = "scratch";

  final ManualClock clock = new ManualClock();
  final Deadlines deadlines = Deadlines.manual(0);
  final GatedTransport transport = new GatedTransport();
  final List<Tier> tiers = new ArrayList<>();
  final Executor executor;
  final TransferEngine engine;
  private final List<Storage> storages = new ArrayList<>();

  World(int device, int host, int disk) {
    this(device, host, disk, TransferLimits.DEFAULT, Runnable::run);
  }

  World(int device, int host, int disk, TransferLimits limits, Executor executor) {
    this.executor = executor;
    addTier(CacheLevel.DEVICE, "gpu", device);
    addTier(CacheLevel.HOST, HOST, host);
    addTier(CacheLevel.DISK, DISK, disk);
    engine =
        new TransferEngine(
            new OneTransport(transport, clock, executor, deadlines, MetricsSink.NULL), limits);
  }

  private void addTier(CacheLevel level, String kind, int blocks) {
    LayoutConfig shape = new LayoutConfig(blocks, 2, 1, 4, 8, DType.FP16, 1);
    var layouts = Layouts.of(LayoutType.FULLY_CONTIGUOUS);
    List<Storage> own = new ArrayList<>();
    layouts.storageByteSizes(shape).forEach(size -> own.add(new KindStorage(kind, size)));
    storages.addAll(own);
    BlockPool pool =
        BlockPool.builder().name(level.text()).layout(layouts.bind(shape, own)).build();
    tiers.add(new Tier(level, pool, kind));
  }

  Onboarder.Builder onboarder() {
    return Onboarder.builder(tiers, new BlockMover(engine, clock), deadlines, executor)
        .limits(engine.limits());
  }

  Onboarder exclusive() {
    return onboarder().residence(new TierResidence(tiers, _ -> true)).build();
  }

  BlockPool pool(CacheLevel level) {
    return tiers.get(level.ordinal()).pool();
  }

  void advance(long nanos) {
    clock.advance(Duration.ofNanos(nanos));
    deadlines.advanceTo(clock.nanoTime());
  }

  static BlockKey key(long n) {
    return BlockKey.derived(n);
  }

  static List<BlockKey> keys(long from, long to) {
    List<BlockKey> keys = new ArrayList<>();
    for (long n = from; n < to; n++) {
      keys.add(key(n));
    }
    return keys;
  }

  /** Puts blocks into a tier, unused, each the parent of the next. */
  void put(CacheLevel level, long from, long to) {
    List<ImmutableBlock> blocks = new ArrayList<>();
    for (long n = from; n < to; n++) {
      MutableBlock block = pool(level).allocateBlocks(1).getFirst();
      fill(block, key(n));
      blocks.add(block.complete(key(n), n == from ? null : key(n - 1)).register());
    }
    BlockPool.closeAll(blocks);
  }

  static void fill(MutableBlock block, BlockKey key) {
    for (int layer = 0; layer < block.numLayers(); layer++) {
      BytePatterns.fill(block.layerViewMut(layer, 0).segment(), key.lo() * 31 + layer);
    }
  }

  static void verify(ImmutableBlock block) {
    for (int layer = 0; layer < block.numLayers(); layer++) {
      BytePatterns.verify(
          block.layerView(layer, 0).segment(),
          block.key().lo() * 31 + layer,
          "block " + block.key());
    }
  }

  /** Closes what a result handed out, after a look at its bytes. */
  static void verifyAndClose(OnboardResult result) {
    result.blocks().forEach(World::verify);
    BlockPool.closeAll(result.blocks());
  }

  void assertNothingHeld() {
    for (Tier tier : tiers) {
      assertThat(tier.pool().availableBlocks())
          .as(tier.name())
          .isEqualTo(tier.pool().totalBlocks());
    }
  }

  @Override
  public void close() {
    transport.release();
    engine.close();
    tiers.forEach(tier -> tier.pool().close());
    storages.forEach(Storage::close);
    deadlines.close();
  }
}
