package io.kvbm.core.offload;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BasicMetadata;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutProvider;
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
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Three tiers in host memory under a real transfer engine, and time that stands still. */
final class OffloadTiers implements AutoCloseable {

  static final LayoutConfig SHAPE =
      LayoutConfig.builder()
          .numBlocks(1)
          .numLayers(2)
          .outerDim(2)
          .pageSize(4)
          .innerDim(8)
          .dtype(DType.FP16)
          .build();

  static final long BLOCK_BYTES = SHAPE.blockByteSize();
  static final Executor DIRECT = Runnable::run;

  final GatedTransport transport = new GatedTransport();
  final ManualClock clock = new ManualClock();
  final Deadlines deadlines = Deadlines.manual(clock.nanoTime());
  final TransferEngine engine =
      new TransferEngine(
          new OneTransport(transport, clock, DIRECT, deadlines, MetricsSink.NULL),
          TransferLimits.DEFAULT.withPatience(0, 0, 30_000_000_000L));
  final BlockMover mover = new BlockMover(engine, clock);
  final Tier device;
  final Tier host;
  final Tier disk;
  private final List<Storage> storages = new ArrayList<>();
  private final List<Offloader> offloaders = new ArrayList<>();

  OffloadTiers(int device, int host, int disk) {
    this(device, host, disk, SHAPE, LayoutType.FULLY_CONTIGUOUS);
  }

  OffloadTiers(int device, int host, int disk, LayoutConfig shape, LayoutType type) {
    this.device = tier(CacheLevel.DEVICE, device, shape, type);
    this.host = tier(CacheLevel.HOST, host, shape, type);
    this.disk = tier(CacheLevel.DISK, disk, shape, type);
  }

  private Tier tier(CacheLevel level, int blocks, LayoutConfig shape, LayoutType type) {
    LayoutProvider provider = Layouts.of(type);
    LayoutConfig sized = shape.toBuilder().numBlocks(blocks).build();
    List<Storage> own = new ArrayList<>();
    for (long byteSize : provider.storageByteSizes(sized)) {
      Storage storage = new HostStorage(byteSize);
      transport.know(storage, blocks);
      own.add(storage);
    }
    storages.addAll(own);
    BlockPool pool =
        BlockPool.builder().name(level.text()).layout(provider.bind(sized, own)).build();
    return new Tier(level, pool, "system");
  }

  Offloader offloader(OffloadEdge... edges) {
    return offloader(DIRECT, edges);
  }

  Offloader offloader(Executor executor, OffloadEdge... edges) {
    return offloader(executor, null, edges);
  }

  Offloader offloader(Executor executor, @Nullable RoomMaker room, OffloadEdge... edges) {
    Offloader offloader = new Offloader(mover, executor, clock, deadlines, List.of(edges), room);
    offloaders.add(offloader);
    return offloader;
  }

  /** From device to host, with one batch at a time of so many blocks. */
  OffloadEdge edge(WritePolicy write, int batchBlocks) {
    return OffloadEdge.of(device, host, write).withLimits(limits(64, batchBlocks, 1));
  }

  static OffloadLimits limits(int queued, int batchBlocks, int batches) {
    return new OffloadLimits(queued, batchBlocks, 1L << 30, batches, 0, 1_000_000_000L);
  }

  synchronized void pass(Duration time) {
    clock.advance(time);
    deadlines.advanceTo(clock.nanoTime());
  }

  /** Waits until somebody waits for a time to come. */
  void awaitAlarm() {
    while (deadlines.pendingCount() == 0) {
      if (Thread.interrupted()) {
        throw new AssertionError("nobody waits; the test took too long");
      }
      Thread.onSpinWait();
    }
  }

  static BlockKey key(long n) {
    return BlockKey.derived(n);
  }

  static ImmutableBlock register(Tier tier, long n) {
    return register(tier, n, null);
  }

  static ImmutableBlock register(Tier tier, long n, @Nullable BlockKey parent) {
    return fill(tier.pool().allocateBlocks(1).getFirst(), n).complete(key(n), parent).register();
  }

  static ImmutableBlock registerWithPriority(Tier tier, long n, int priority) {
    MutableBlock block = fill(tier.pool().allocateBlocks(1).getFirst(), n);
    block.setMetadata(new BasicMetadata(priority));
    return block.complete(key(n), null).register();
  }

  /** Registers a chain of {@code count} blocks from {@code first} on. */
  static List<ImmutableBlock> registerChain(Tier tier, long first, int count) {
    List<ImmutableBlock> chain = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      chain.add(register(tier, first + i, i == 0 ? null : key(first + i - 1)));
    }
    return chain;
  }

  static MutableBlock fill(MutableBlock block, long n) {
    for (int layer = 0; layer < block.numLayers(); layer++) {
      for (int outer = 0; outer < block.numOuterDims(); outer++) {
        BytePatterns.fill(block.layerViewMut(layer, outer).segment(), n * 31 + 7 * layer + outer);
      }
    }
    return block;
  }

  /** Whether a tier has a block; if so its bytes must be right. */
  static boolean has(Tier tier, long n) {
    Optional<ImmutableBlock> found = tier.pool().find(key(n));
    found.ifPresent(
        block -> {
          verify(block);
          block.close();
        });
    return found.isPresent();
  }

  static void verify(ImmutableBlock block) {
    for (int layer = 0; layer < block.numLayers(); layer++) {
      for (int outer = 0; outer < block.numOuterDims(); outer++) {
        BytePatterns.verify(
            block.layerView(layer, outer).segment(),
            block.key().lo() * 31 + 7 * layer + outer,
            "block " + block.key());
      }
    }
  }

  /** Nobody has a block in use any more. */
  void assertNothingInUse() {
    for (Tier tier : List.of(device, host, disk)) {
      assertThat(tier.pool().status().active()).as(tier.name()).isZero();
    }
  }

  static void assertBalanced(OffloadStatistics statistics) {
    assertThat(statistics.submitted())
        .as("%s", statistics)
        .isEqualTo(
            statistics.joined()
                + statistics.queued()
                + statistics.inFlight()
                + statistics.settled());
  }

  @Override
  public void close() {
    transport.releaseAll();
    offloaders.forEach(Offloader::close);
    engine.close();
    deadlines.close();
    List.of(device, host, disk).forEach(tier -> tier.pool().close());
    storages.forEach(Storage::close);
  }
}
