package io.kvbm.backend.remote.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.MaintainedStore;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.remote.s3.FaultyProxy.Fate;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.TestContext;
import java.lang.foreign.MemorySegment;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
@SuppressWarnings("try") // what is closed when is what is tested
class S3FaultTest {

  private static final S3Server SERVER = S3Server.inMemory();
  private static final AtomicInteger BUCKETS = new AtomicInteger();

  private final TestContext context = new TestContext();
  private final String bucket = "fault" + BUCKETS.getAndIncrement();
  private Backend backend;

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  @AfterEach
  void close() {
    if (backend != null) {
      backend.close();
    }
    context.close();
  }

  private ObjectStore open(BackendConfig config) {
    backend = new S3BackendProvider().open(context, config);
    return backend.objectStores().getFirst().open(bucket, OpenMode.WRITE);
  }

  private static BackendConfig through(FaultyProxy proxy) {
    return S3Server.config(proxy.port())
        .with("requestTimeout", "20s")
        .with("conditionalPuts", "true");
  }

  private static MemorySegment value(int seed) {
    return BytePatterns.heap(3000, seed);
  }

  @Test
  void aStormOfFaultsEndsTypedOrRightAndWithinItsBudget() throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    Fate[] bad = {
      Fate.ERROR_500, Fate.ERROR_503, Fate.RESET, Fate.RESET_AFTER, Fate.CUT, Fate.SILENCE
    };
    boolean[] storm = {false};
    IntFunction<Fate> fates =
        _ -> {
          synchronized (random) {
            return storm[0] && random.nextInt(3) == 0 ? bad[random.nextInt(bad.length)] : Fate.PASS;
          }
        };
    try (FaultyProxy proxy = new FaultyProxy(SERVER.port(), fates)) {
      ObjectStore store =
          open(
              through(proxy)
                  .with("attempts", "3")
                  .with("retryBudget", "15")
                  .with("requestTimeout", "250ms"));
      storm[0] = true;
      int before = proxy.requests();
      int failed = 0;
      for (int i = 0; i < 25; i++) {
        String key = "k" + i % 5;
        try {
          store.put(key, value(i % 5), PutOptions.DEFAULT);
          Optional<byte[]> read = store.getBytes(key);
          if (read.isPresent()) {
            BytePatterns.verify(MemorySegment.ofArray(read.get()), i % 5, "seed " + seed);
          }
        } catch (KvbmException e) {
          failed++;
          assertThat(e.code())
              .as("seed %d: %s", seed, e)
              .isIn(ErrorCode.DISCONNECTED, ErrorCode.DEADLINE_EXCEEDED);
          assertThat(e.getMessage()).doesNotContain("\n");
        }
      }
      storm[0] = false; // to count what is there is a request, too
      long retries = ((MaintainedStore) store).statistics().counters().get("retries");
      // 15 to begin with, a tenth for each success.
      assertThat(retries).as("seed %d", seed).isLessThanOrEqualTo(15 + 125 / 10);
      assertThat(proxy.requests() - before).isLessThanOrEqualTo(25 * 4 + 15 + (int) retries);
      assertThat(failed).as("some get through, seed %d", seed).isLessThan(25);
    }
  }

  @Test
  void aServiceThatFailsEverythingGetsFewRetries() throws Exception {
    boolean[] storm = {false};
    try (FaultyProxy proxy =
        new FaultyProxy(SERVER.port(), _ -> storm[0] ? Fate.ERROR_503 : Fate.PASS)) {
      ObjectStore store = open(through(proxy).with("retryBudget", "5"));
      storm[0] = true;
      int before = proxy.requests();
      for (int i = 0; i < 20; i++) {
        KvbmException e = catchThrowableOfType(KvbmException.class, () -> store.stat("key"));
        assertThat(e.code()).isEqualTo(ErrorCode.DISCONNECTED);
      }
      assertThat(proxy.requests() - before).isEqualTo(20 + 5);
    }
  }

  @Test
  void aConditionalPutWhoseAnswerWasLostSucceedsOnce() throws Exception {
    AtomicInteger armed = new AtomicInteger(-1);
    try (FaultyProxy proxy =
        new FaultyProxy(SERVER.port(), i -> i == armed.get() ? Fate.RESET_AFTER : Fate.PASS)) {
      ObjectStore store = open(through(proxy));
      armed.set(proxy.requests() + 1); // the put, behind its look at what is there
      assertThat(store.put("key", value(1), PutOptions.DEFAULT.ifAbsent()).byteSize())
          .isEqualTo(3000);
      assertThat(
              catchThrowableOfType(
                      KvbmException.class,
                      () -> store.put("key", value(2), PutOptions.DEFAULT.ifAbsent()))
                  .code())
          .isEqualTo(ErrorCode.PRECONDITION_FAILED);
      BytePatterns.verify(MemorySegment.ofArray(store.getBytes("key").orElseThrow()), 1, "key");
    }
  }

  @Test
  void aByteChangedOnTheWayIsCorruption() throws Exception {
    boolean[] flip = {false};
    try (FaultyProxy proxy = new FaultyProxy(SERVER.port(), _ -> flip[0] ? Fate.FLIP : Fate.PASS)) {
      ObjectStore store = open(through(proxy));
      store.put("key", value(1), PutOptions.DEFAULT);
      flip[0] = true;
      Region.HostRegion target = new Region.HostRegion(MemorySegment.ofArray(new byte[3000]));
      assertThat(catchThrowableOfType(CorruptionException.class, () -> store.get("key", target)))
          .isNotNull();
      assertThat(
              catchThrowableOfType(
                  CorruptionException.class, () -> store.getRange("key", 100, target.slice(0, 9))))
          .isNotNull();
    }
  }

  @Test
  void wrongCredentialsAreOneClearErrorWithoutThem() {
    KvbmException e =
        catchThrowableOfType(
            KvbmException.class,
            () -> open(SERVER.config().with("secretKey", "not-the-secret-key")));
    assertThat(e.code()).isEqualTo(ErrorCode.NOT_ALLOWED);
    assertThat(e).hasMessageContaining("accessKey").hasMessageNotContaining("not-the-secret-key");
  }

  @Test
  void aMissingBucketIsNamed() {
    KvbmException e =
        catchThrowableOfType(
            KvbmException.class, () -> open(SERVER.config().with("createBucket", "false")));
    assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(e).hasMessageContaining(bucket).hasMessageContaining("createBucket");
  }

  @Test
  void anEndpointThatIsNotThereIsAnErrorInTime() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    KvbmException e =
        catchThrowableOfType(
            KvbmException.class, () -> open(S3Server.config(port).with("attempts", "2")));
    assertThat(e.code()).isEqualTo(ErrorCode.DISCONNECTED);
    assertThat(e).hasMessageContaining("127.0.0.1:" + port);
  }

  @Test
  void aSilentServiceEndsWithItsTime() throws Exception {
    try (FaultyProxy proxy = new FaultyProxy(SERVER.port(), _ -> Fate.SILENCE)) {
      KvbmException e =
          catchThrowableOfType(
              KvbmException.class,
              () -> open(through(proxy).with("attempts", "2").with("requestTimeout", "250ms")));
      assertThat(e.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    }
  }

  @Test
  void whatAServerAcknowledgedBeforeItWasKilledAmidWritesIsThere(@TempDir Path directory)
      throws Exception {
    try (S3Process server = S3Process.in(directory)) {
      ObjectStore store =
          open(
              S3Server.config(server.port())
                  .with("conditionalPuts", "false")
                  .with("requestTimeout", "5s")
                  .with("partSize", "5MiB")
                  .with("multipartThreshold", "5MiB")
                  .with("attempts", "3")
                  .with("retryBudget", "20"));
      Writers writers = new Writers(store, context);
      writers.acknowledged.awaitAtLeast(40);
      server.kill();
      writers.failed.awaitAtLeast(WRITERS); // amid writes: those on their way fail, typed
      assertThat(catchThrowableOfType(KvbmException.class, () -> store.stat("w/1")).code())
          .isEqualTo(ErrorCode.DISCONNECTED);
      int before = writers.acknowledged.count();
      server.restart();
      writers.goOn.countDown();
      writers.acknowledged.awaitAtLeast(before + 40); // without opening the store anew
      writers.stop();
      assertThat(writers.unexpected).isEmpty();
      long retries = ((MaintainedStore) store).statistics().counters().get("retries");
      assertThat(retries)
          .as("20, and a tenth for each success")
          .isBetween(1L, 20 + 10L + writers.acknowledged.count());
      for (int number : writers.tried) {
        Optional<byte[]> read = store.getBytes("w/" + number);
        if (writers.kept.contains(number)) {
          assertThat(read).as("acknowledged %d", number).isPresent();
        }
        read.ifPresent(
            bytes ->
                BytePatterns.verify(
                    MemorySegment.ofArray(bytes), number, "w/" + number + ": whole or not there"));
      }
    }
  }

  private static final int WRITERS = 4;

  /** Write until they are stopped, long values now and then; who fails waits for the server. */
  private static final class Writers {
    final Tally acknowledged = new Tally();
    final Tally failed = new Tally();
    final Set<Integer> kept = ConcurrentHashMap.newKeySet();
    final Set<Integer> tried = ConcurrentHashMap.newKeySet();
    final List<Throwable> unexpected = Collections.synchronizedList(new ArrayList<>());
    private final List<CompletableFuture<Void>> running = new ArrayList<>();
    final CountDownLatch goOn = new CountDownLatch(1);
    private volatile boolean stopped;

    Writers(ObjectStore store, TestContext context) {
      for (int i = 0; i < WRITERS; i++) {
        int first = i;
        running.add(
            CompletableFuture.runAsync(
                () -> {
                  for (int number = first; !stopped; number += WRITERS) {
                    if (!write(store, number)) {
                      awaitServer();
                    }
                  }
                },
                context.ioExecutor()));
      }
    }

    private void awaitServer() {
      try {
        goOn.await();
      } catch (InterruptedException e) {
        stopped = true;
      }
    }

    private boolean write(ObjectStore store, int number) {
      tried.add(number);
      int byteSize = number % 40 == 7 ? 6 << 20 : 3000;
      try {
        store.put("w/" + number, BytePatterns.heap(byteSize, number), PutOptions.DEFAULT);
        kept.add(number);
        acknowledged.add();
        return true;
      } catch (KvbmException e) {
        if (e.code() != ErrorCode.DISCONNECTED && e.code() != ErrorCode.DEADLINE_EXCEEDED) {
          unexpected.add(e);
        }
        failed.add();
      } catch (RuntimeException | Error e) {
        unexpected.add(e);
        failed.add();
      }
      return false;
    }

    void stop() {
      stopped = true;
      running.forEach(CompletableFuture::join);
    }
  }

  /** A count that can be waited for. */
  private static final class Tally {
    private int count;

    synchronized void add() {
      count++;
      notifyAll();
    }

    synchronized int count() {
      return count;
    }

    synchronized void awaitAtLeast(int wanted) throws InterruptedException {
      while (count < wanted) {
        wait(); // the test's time is limited
      }
    }
  }
}
