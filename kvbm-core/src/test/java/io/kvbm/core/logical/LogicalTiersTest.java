package io.kvbm.core.logical;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.BlockParallelismStrategy;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.Locality;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.config.KvManagerRuntimeConfig;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.onboard.OnboardOptions;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.MovedBlock;
import io.kvbm.core.transfer.TransferOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A leader's blocks have no bytes; their shards go up and down on every worker. */
@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LogicalTiersTest {

  @Test
  void aBlockMovesOnEveryWorkerAndCountsTheBytesOfAllShards() {
    try (TestCluster cluster = new TestCluster(4, 4, 4)) {
      ImmutableBlock block = cluster.register(1);
      MovedBlock down =
          cluster
              .manager
              .offload(List.of(block), CacheLevel.DISK, TransferOptions.DEFAULT)
              .await()
              .getFirst();
      assertThat(down.outcome())
          .isEqualTo(new BlockOutcome.Done(3 * TestCluster.MODEL.blockByteSize()));
      ImmutableBlock copy = down.block().orElseThrow();
      cluster.verify(copy, CacheLevel.DISK);
      assertThat(copy.locality()).isEqualTo(Locality.LOGICAL);
      block.close();
      copy.close();
      cluster.assertNothingInUse();
    }
  }

  @Test
  void logicalBlocksHaveNoViewsThoughTheyMove() {
    try (TestCluster cluster = new TestCluster(4, 4, 4);
        ImmutableBlock block = cluster.register(1)) {
      assertThatThrownBy(block::blockView)
          .isInstanceOfSatisfying(
              CallerException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.VIEWS_NOT_AVAILABLE_ON_LOGICAL_BLOCKS));
      assertThatThrownBy(() -> block.layerView(0, 0)).isInstanceOf(CallerException.class);
    }
  }

  @Test
  void aTraceThroughAllTiersGivesEveryShardBackAsItWasComputed() {
    try (TestCluster cluster = new TestCluster(6, 12, 24)) {
      long seed = 20261128;
      Random random = new Random(seed);
      int hits = 0;
      for (int request = 0; request < 300; request++) {
        hits += use(cluster, random.nextInt(10), 1 + random.nextInt(4), "seed " + seed);
      }
      assertThat(hits).as("blocks that were brought up or there, seed " + seed).isPositive();
      assertThat(cluster.pool(CacheLevel.DISK).status().inactive()).isPositive();
    }
  }

  /** What an engine does with a conversation: bring up its prefix, compute the rest. */
  static int use(TestCluster cluster, int conversation, int length, String what) {
    List<BlockKey> keys = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      keys.add(TestCluster.key(conversation * 100L + i + 1));
    }
    List<ImmutableBlock> held = new ArrayList<>();
    try {
      var result = cluster.manager.tiering().onboard(keys, OnboardOptions.DEFAULT).await();
      held.addAll(result.blocks());
      int hits = held.size();
      List<BlockKey> missing = keys.subList(hits, keys.size());
      List<MutableBlock> fresh = cluster.manager.tiering().allocate(missing.size());
      for (int i = 0; i < fresh.size(); i++) {
        cluster.fill(fresh.get(i), missing.get(i));
        BlockKey parent = hits + i == 0 ? null : keys.get(hits + i - 1);
        held.addAll(
            cluster
                .manager
                .tiering()
                .register(List.of(fresh.get(i).complete(missing.get(i), parent))));
      }
      assertThat(held).as(what).hasSize(length);
      held.forEach(block -> cluster.verify(block, CacheLevel.DEVICE));
      return hits;
    } finally {
      BlockPool.closeAll(held);
    }
  }

  @Test
  void severalThreadsUseTheSameTiers() {
    try (TestCluster cluster = new TestCluster(16, 16, 32)) {
      List<CompletableFuture<Void>> threads = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        long seed = 77 + t;
        threads.add(
            CompletableFuture.runAsync(
                () -> {
                  Random random = new Random(seed);
                  for (int request = 0; request < 100; request++) {
                    use(cluster, random.nextInt(12), 1 + random.nextInt(3), "seed " + seed);
                  }
                },
                task -> Thread.ofPlatform().daemon().start(task)));
      }
      threads.forEach(CompletableFuture::join);
    }
  }

  @Test
  void localTiersBesideWorkersAreRefused() {
    try (Platform platform = Platform.load()) {
      KvBlockManagerConfig config =
          KvBlockManagerConfig.builder()
              .runtime(KvManagerRuntimeConfig.builder().build())
              .model(TestCluster.MODEL)
              .deviceLayout(
                  KvManagerLayoutConfig.builder()
                      .numBlocks(4)
                      .logical(BlockParallelismStrategy.LEADER_WORKER_SHARDED)
                      .build())
              .hostLayout(TestCluster.system(platform, 4, LayoutType.FULLY_CONTIGUOUS))
              .build();
      ShardWorkers workers =
          ShardWorkers.builder().worker("a", _ -> new CompletableFuture<>()).build();
      assertThatThrownBy(
              () -> KvBlockManager.builder(config).platform(platform).workers(workers).build())
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("host tier is not logical");
    }
  }
}
