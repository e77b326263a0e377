package io.kvbm.backend.remote.s3;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.MaintainedStore;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.remote.s3.FaultyProxy.Fate;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.TestContext;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a tier of blocks asks of the store, with several threads: {@code -Dkvbm.test.s3.blocks=N}
 * says how many blocks.
 */
@Timeout(900)
@SuppressWarnings("try") // what is closed when is what is tested
class S3BlocksTest {

  private static final int THREADS = 8;
  private static final int BYTE_SIZE = 300;
  private static final AtomicInteger BUCKETS = new AtomicInteger();

  private final TestContext context = new TestContext();
  private Backend backend;

  /** How many blocks each test moves. */
  int blocks() {
    return Integer.getInteger("kvbm.test.s3.blocks", 300);
  }

  @AfterEach
  void close() {
    if (backend != null) {
      backend.close();
    }
    context.close();
  }

  private MaintainedStore open(BackendConfig config) {
    backend = new S3BackendProvider().open(context, config.with("conditionalPuts", "false"));
    return (MaintainedStore)
        backend
            .objectStores()
            .getFirst()
            .open("blocks" + BUCKETS.getAndIncrement(), OpenMode.WRITE);
  }

  private void forEachBlock(IntConsumer action) {
    int blocks = blocks();
    CompletableFuture.allOf(
            IntStream.range(0, THREADS)
                .mapToObj(
                    thread ->
                        CompletableFuture.runAsync(
                            () -> {
                              for (int i = thread; i < blocks; i += THREADS) {
                                action.accept(i);
                              }
                            },
                            context.ioExecutor()))
                .toArray(CompletableFuture[]::new))
        .join();
  }

  private static String key(int block) {
    return "b/" + block;
  }

  private static void put(MaintainedStore store, int block) {
    store.put(key(block), BytePatterns.heap(BYTE_SIZE, block), PutOptions.DEFAULT);
  }

  private static boolean isRead(MaintainedStore store, int block, String as) {
    MemorySegment target = MemorySegment.ofArray(new byte[BYTE_SIZE]);
    Optional<ObjectStat> read = store.get(key(block), new Region.HostRegion(target));
    read.ifPresent(_ -> BytePatterns.verify(target, block, as + ", block " + block));
    return read.isPresent();
  }

  @Test
  void blocksArePutAndReadBackWithTheirChecksums() {
    try (S3Server server = S3Server.inMemory()) {
      MaintainedStore store = open(server.config());
      forEachBlock(
          block -> {
            put(store, block);
            assertThat(isRead(store, block, "at once")).isTrue();
          });
      forEachBlock(block -> assertThat(isRead(store, block, "later")).isTrue());
      var report = store.verify(MaintainedStore.Progress.NONE);
      assertThat(report.checked()).isEqualTo(blocks());
      assertThat(report.damaged()).isEmpty();
      close();
      backend = null;
    }
  }

  @Test
  void aServerKilledAndStartedAgainMidwayLosesNothingItAcknowledged(@TempDir Path directory)
      throws Exception {
    try (S3Process server = S3Process.in(directory)) {
      MaintainedStore store =
          open(
              S3Server.config(server.port())
                  .with("requestTimeout", "5s")
                  .with("attempts", "2")
                  .with("retryBudget", "20"));
      CountDownLatch half = new CountDownLatch(blocks() / 2);
      CountDownLatch failed = new CountDownLatch(THREADS);
      CountDownLatch restarted = new CountDownLatch(1);
      CompletableFuture<Void> writing =
          CompletableFuture.runAsync(
              () -> forEachBlock(block -> putAgain(store, block, half, failed, restarted)),
              context.ioExecutor());
      half.await();
      server.kill();
      failed.await(); // all threads were amid puts, or began one
      server.restart();
      restarted.countDown();
      writing.join();
      forEachBlock(block -> assertThat(isRead(store, block, "after the restart")).isTrue());
    }
  }

  private static void putAgain(
      MaintainedStore store,
      int block,
      CountDownLatch half,
      CountDownLatch failed,
      CountDownLatch restarted) {
    while (true) {
      try {
        put(store, block);
        half.countDown();
        return;
      } catch (KvbmException e) {
        assertPassing(e, "block " + block);
        failed.countDown();
      }
      try {
        restarted.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private static void assertPassing(KvbmException e, String as) {
    assertThat(e.code())
        .as("%s: %s", as, e)
        .isIn(ErrorCode.DISCONNECTED, ErrorCode.DEADLINE_EXCEEDED);
  }

  @Test
  void stormsOf500And503AndTimeoutsStayWithinTheRetryBudget() throws Exception {
    long seed = new Random().nextLong();
    Fate[] bad = {Fate.ERROR_500, Fate.ERROR_503, Fate.SILENCE};
    Random random = new Random(seed);
    boolean[] storm = {false};
    IntFunction<Fate> fates =
        _ -> {
          synchronized (random) {
            return storm[0] && random.nextInt(8) == 0 ? bad[random.nextInt(3)] : Fate.PASS;
          }
        };
    int budget = 20;
    try (S3Server server = S3Server.inMemory();
        FaultyProxy proxy = new FaultyProxy(server.port(), fates)) {
      MaintainedStore store =
          open(
              S3Server.config(proxy.port())
                  .with("requestTimeout", "1s")
                  .with("attempts", "4")
                  .with("retryBudget", Integer.toString(budget)));
      storm[0] = true;
      int before = proxy.requests();
      LongAdder succeeded = new LongAdder();
      LongAdder failed = new LongAdder();
      forEachBlock(
          block -> {
            for (int i = 0; i < 2; i++) {
              try {
                if (i == 0) {
                  put(store, block);
                } else {
                  isRead(store, block, "in the storm, seed " + seed);
                }
                succeeded.increment();
              } catch (KvbmException e) {
                assertPassing(e, "seed " + seed);
                failed.increment();
              }
            }
          });
      long requests = proxy.requests() - before;
      storm[0] = false;
      long retries = store.statistics().counters().get("retries");
      assertThat(retries)
          .as("a budget of %d, a tenth for each of %s successes, seed %d", budget, succeeded, seed)
          .isBetween(1L, budget + succeeded.sum() / 10);
      assertThat(requests).as("seed %d", seed).isLessThanOrEqualTo(2L * blocks() + retries);
      assertThat(failed.sum()).as("seed %d", seed).isLessThan(succeeded.sum());
      forEachBlock(block -> assertThat(isPutInTheEnd(store, block)).isTrue());
      close();
      backend = null;
    }
  }

  /** The service answers again; a slow machine may still be late now and then. */
  private static boolean isPutInTheEnd(MaintainedStore store, int block) {
    for (int i = 0; i < 50; i++) {
      try {
        put(store, block);
        return isRead(store, block, "after the storm");
      } catch (KvbmException e) {
        assertPassing(e, "after the storm");
      }
    }
    return false;
  }

  @Test
  void collectionKeepsTheQuotaWhileBlocksComeIn() {
    long each = BYTE_SIZE + ObjectFooter.byteSizeFor(BYTE_SIZE);
    long quota = blocks() / 3 * each;
    context.manualClock().jump(Duration.between(context.clock().instant(), Instant.now()));
    try (S3Server server = S3Server.inMemory()) {
      MaintainedStore store = open(server.config().with("quota", Long.toString(quota)));
      int every = Math.max(1, blocks() / 5);
      AtomicInteger written = new AtomicInteger();
      forEachBlock(
          block -> {
            put(store, block);
            if (written.incrementAndGet() % every == 0) {
              store.compact(MaintainedStore.Progress.NONE);
            }
          });
      assertThat(store.compact(MaintainedStore.Progress.NONE).afterByteSize())
          .isLessThanOrEqualTo(quota);
      assertThat(store.statistics().storedByteSize())
          .as("no more than the quota, no less than it needs")
          .isBetween(quota - each, quota);
      AtomicInteger kept = new AtomicInteger();
      forEachBlock(block -> kept.addAndGet(isRead(store, block, "kept") ? 1 : 0));
      assertThat(kept.get()).isEqualTo((int) (quota / each));
      close();
      backend = null;
    }
  }
}
