package io.kvbm.core.logical;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.BlockParallelismStrategy;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.config.KvManagerModelConfig;
import io.kvbm.api.config.KvManagerRuntimeConfig;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.remote.ShardMove;
import io.kvbm.api.remote.ShardOutcome;
import io.kvbm.api.storage.Region;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.remote.ShardMover;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.tier.Verification;
import io.kvbm.core.tiering.TieringOptions;
import io.kvbm.testkit.BytePatterns;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ForkJoinPool;

/**
 * A leader with three tiers and workers of this process, whose shards differ in layout. Each worker
 * can be scripted.
 */
final class TestCluster implements AutoCloseable {

  static final KvManagerModelConfig MODEL =
      KvManagerModelConfig.builder()
          .numLayers(2)
          .outerDim(2)
          .pageSize(4)
          .innerDim(8)
          .dtype(DType.FP16)
          .build();

  private static final List<LayoutType> LAYOUTS =
      List.of(
          LayoutType.FULLY_CONTIGUOUS,
          LayoutType.LAYER_SEPARATE_BLOCK_CONTIGUOUS,
          LayoutType.LAYER_SEPARATE_OUTER_CONTIGUOUS);

  /** A worker, and what the leader gets to see of it. */
  static final class Member implements ShardMover {
    final ShardWorker worker;
    volatile ShardMover script;

    Member(ShardWorker worker) {
      this.worker = worker;
      this.script = worker;
    }

    @Override
    public CompletionStage<ShardOutcome> move(ShardMove move) {
      return script.move(move);
    }
  }

  final Platform platform = Platform.load();
  final List<Member> members = new ArrayList<>();
  final ShardWorkers workers;
  final KvBlockManager manager;

  TestCluster(int device, int host, int disk, TieringOptions options, Duration patience) {
    ShardWorkers.Builder builder = ShardWorkers.builder().patience(patience, Duration.ofMillis(1));
    for (int i = 0; i < 3; i++) {
      Member member = new Member(worker(platform, i, device, host, disk));
      members.add(member);
      builder.worker(name(i), member);
    }
    workers = builder.build();
    manager =
        KvBlockManager.builder(
                KvBlockManagerConfig.builder()
                    .runtime(KvManagerRuntimeConfig.builder().build())
                    .model(MODEL)
                    .deviceLayout(logical(device))
                    .hostLayout(logical(host))
                    .diskLayout(logical(disk))
                    .build())
            .platform(platform)
            .tiering(options)
            .workers(workers)
            .build();
  }

  TestCluster(int device, int host, int disk) {
    this(device, host, disk, TieringOptions.DEFAULT, Duration.ofSeconds(20));
  }

  static String name(int worker) {
    return "rank-" + worker;
  }

  private static KvManagerLayoutConfig logical(int blocks) {
    return KvManagerLayoutConfig.builder()
        .numBlocks(blocks)
        .logical(BlockParallelismStrategy.LEADER_WORKER_SHARDED)
        .build();
  }

  private static ShardWorker worker(Platform platform, int rank, int device, int host, int disk) {
    return ShardWorker.builder()
        .verification(Verification.ALL)
        .moves(2, 64)
        .set("device", MODEL, system(platform, device, LAYOUTS.get(rank)))
        .set("host", MODEL, system(platform, host, LayoutType.FULLY_CONTIGUOUS))
        .set("disk", MODEL, system(platform, disk, LAYOUTS.get((rank + 1) % LAYOUTS.size())))
        .build(platform.transfers(), platform.clock(), ForkJoinPool.commonPool());
  }

  static KvManagerLayoutConfig system(Platform platform, int blocks, LayoutType type) {
    return KvManagerLayoutConfig.builder()
        .numBlocks(blocks)
        .layoutType(type)
        .alignment(1)
        .allocator(platform.allocator("system"))
        .build();
  }

  Tier tier(CacheLevel level) {
    return manager.tiers().stream().filter(t -> t.level() == level).findFirst().orElseThrow();
  }

  BlockPool pool(CacheLevel level) {
    return tier(level).pool();
  }

  static BlockKey key(long n) {
    return BlockKey.derived(n);
  }

  /** What the engine does on every worker: it computes a block into a slot of the top tier. */
  void fill(MutableBlock block, BlockKey key) {
    for (int rank = 0; rank < members.size(); rank++) {
      Layout layout = members.get(rank).worker.layout(0);
      for (int layer = 0; layer < 2; layer++) {
        for (int outer = 0; outer < 2; outer++) {
          Region region = layout.region(block.blockId(), layer, outer);
          BytePatterns.fill(((Region.HostRegion) region).segment(), seed(key, rank, layer, outer));
        }
      }
    }
  }

  private static long seed(BlockKey key, int rank, int layer, int outer) {
    return key.lo() * 31 + 101L * rank + 7L * layer + outer;
  }

  /** Compares every shard of a block, byte for byte. */
  void verify(ImmutableBlock block, CacheLevel level) {
    int set = manager.tiers().indexOf(tier(level));
    for (int rank = 0; rank < members.size(); rank++) {
      Layout layout = members.get(rank).worker.layout(set);
      for (int layer = 0; layer < 2; layer++) {
        for (int outer = 0; outer < 2; outer++) {
          Region region = layout.region(block.blockId(), layer, outer);
          BytePatterns.verify(
              ((Region.HostRegion) region).segment(),
              seed(block.key(), rank, layer, outer),
              "shard %d of block %s in %s".formatted(rank, block.key(), level));
        }
      }
    }
  }

  ImmutableBlock register(long n) {
    MutableBlock block = pool(CacheLevel.DEVICE).allocateBlocks(1).getFirst();
    fill(block, key(n));
    return block.complete(key(n), null).register();
  }

  void assertNothingInUse() {
    for (Tier tier : manager.tiers()) {
      assertThat(tier.pool().status().active()).as(tier.name()).isZero();
    }
  }

  @Override
  public void close() {
    manager.close();
    members.forEach(member -> member.worker.close());
    platform.close();
  }
}
