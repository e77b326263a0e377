package io.kvbm.cli.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.config.KvbmConfig;
import io.kvbm.core.onboard.OnboardOptions;
import io.kvbm.core.onboard.OnboardResult;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.testkit.BytePatterns;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.gaul.s3proxy.AuthenticationType;
import org.gaul.s3proxy.S3Proxy;
import org.jclouds.ContextBuilder;
import org.jclouds.blobstore.BlobStoreContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Managers whose lowest tier is a bucket of a real S3 service, as a file of settings makes them.
 */
@Timeout(300)
class S3TierTest {

  private static final int BLOCKS = 24;
  private static final String SECRET = "kvbm-secret-0815";

  @TempDir Path folder;
  private final List<AutoCloseable> open = new ArrayList<>();
  private BlobStoreContext blobs;
  private S3Proxy server;

  @BeforeEach
  void start() throws Exception {
    blobs =
        ContextBuilder.newBuilder("transient")
            .credentials("kvbm", SECRET)
            .overrides(new Properties())
            .build(BlobStoreContext.class);
    server =
        S3Proxy.builder()
            .blobStore(blobs.getBlobStore())
            .endpoint(URI.create("http://127.0.0.1:0"))
            .awsAuthentication(AuthenticationType.AWS_V4, "kvbm", SECRET)
            .ignoreUnknownHeaders(true)
            .build();
    server.start();
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
    server.stop();
    blobs.close();
  }

  private KvBlockManager worker() throws Exception {
    Path file = folder.resolve("worker" + open.size() + ".yaml");
    Files.writeString(
        file,
        """
        model: {numLayers: 2, outerDim: 2, pageSize: 4, innerDim: 8, dtype: fp16}
        tiering: {belowDevice: through}
        tiers:
          device: {blocks: 32, backend: system}
          disk: {blocks: 64, backend: s3, holder: block-store}
        backends:
          s3:
            endpoint: http://127.0.0.1:%d
            bucket: blocks
            createBucket: true
            accessKey: kvbm
            secretKey: %s
            gcInterval: 0s
            attempts: 2
        """
            .formatted(server.getPort(), SECRET));
    KvbmConfig config = KvbmConfig.builder().file(file).build(Platform.builder().schema());
    Platform platform = Platform.builder().config(config).build();
    open.add(platform);
    KvBlockManager manager =
        KvBlockManager.builder(KvBlockManager.configured(config, platform))
            .tiering(KvBlockManager.tiering(config, platform))
            .platform(platform)
            .build();
    open.add(manager);
    return manager;
  }

  private static List<BlockKey> sequence(int from) {
    return IntStream.range(from, from + BLOCKS).mapToObj(BlockKey::derived).toList();
  }

  private static void fill(KvBlockManager worker, List<BlockKey> keys) {
    List<MutableBlock> fresh = worker.tiering().allocate(keys.size());
    for (int i = 0; i < keys.size(); i++) {
      BytePatterns.fill(fresh.get(i).blockViewMut().segment(), keys.get(i).lo());
      BlockKey parent = i == 0 ? null : keys.get(i - 1);
      BlockPool.closeAll(
          worker.tiering().register(List.of(fresh.get(i).complete(keys.get(i), parent))));
    }
    assertThat(worker.tiering().flush(TimeUnit.SECONDS.toNanos(60))).isTrue();
  }

  /** {@return how many come up; the bytes of each are compared} */
  private static int found(KvBlockManager worker, List<BlockKey> keys) {
    OnboardResult result = worker.tiering().onboard(keys, OnboardOptions.DEFAULT).await();
    for (ImmutableBlock block : result.blocks()) {
      BytePatterns.verify(block.blockView().segment(), block.key().lo(), "block " + block.key());
    }
    BlockPool.closeAll(result.blocks());
    return result.blocks().size();
  }

  @Test
  void blocks_outlive_their_worker_and_serve_others() throws Exception {
    KvBlockManager beside = worker();
    KvBlockManager first = worker();
    fill(first, sequence(0));
    first.close();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (found(beside, sequence(0)) < BLOCKS) {
      assertThat(System.nanoTime()).as("found by a worker beside").isLessThan(end);
      LockSupport.parkNanos(50_000_000);
    }
    assertThat(found(worker(), sequence(0))).as("by one that comes later").isEqualTo(BLOCKS);
  }

  @Test
  void a_service_that_is_gone_is_a_miss_and_nothing_hangs() throws Exception {
    KvBlockManager first = worker();
    fill(first, sequence(0));
    first.close();
    KvBlockManager second = worker();
    server.stop();
    assertThat(found(second, sequence(0))).isZero();
    assertThat(found(second, sequence(5000))).isZero();
  }
}
