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
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.TestContext;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jclouds.blobstore.domain.Blob;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class S3StoreTest {

  private static final S3Server SERVER = S3Server.inMemory();
  private static final AtomicInteger BUCKETS = new AtomicInteger();
  private static final PutOptions DEFAULT = PutOptions.DEFAULT;

  private final TestContext context = new TestContext();
  private final String bucket = "store" + BUCKETS.getAndIncrement();
  private final List<Backend> backends = new ArrayList<>();

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  @AfterEach
  void close() {
    backends.forEach(Backend::close);
    context.close();
  }

  private MaintainedStore open(BackendConfig config) {
    Backend backend = new S3BackendProvider().open(context, config);
    backends.add(backend);
    return (MaintainedStore) backend.objectStores().getFirst().open(bucket, OpenMode.WRITE);
  }

  /** A service's time runs on, the tests' clock starts in the past: set it. */
  private void setClock() {
    context.manualClock().jump(Duration.between(context.clock().instant(), Instant.now()));
  }

  @Test
  void hundredsOfBlocksComeBack() {
    blocksComeBack(200);
  }

  /** A minute and more on two cores, most of it the server's. */
  @Test
  @Tag("slow")
  void thousandsOfBlocksComeBack() {
    blocksComeBack(10_000);
  }

  private void blocksComeBack(int blocks) {
    MaintainedStore store = open(SERVER.config().with("conditionalPuts", "false"));
    int threads = 8;
    CompletableFuture.allOf(
            IntStream.range(0, threads)
                .mapToObj(
                    thread ->
                        CompletableFuture.runAsync(
                            () -> {
                              byte[] read = new byte[300];
                              MemorySegment target = MemorySegment.ofArray(read);
                              for (int i = thread; i < blocks; i += threads) {
                                String key = "b/" + i;
                                store.put(key, BytePatterns.heap(300, i), DEFAULT);
                                assertThat(store.get(key, new Region.HostRegion(target)))
                                    .isPresent();
                                BytePatterns.verify(target, i, key);
                              }
                            },
                            context.ioExecutor()))
                .toArray(CompletableFuture[]::new))
        .join();
    assertThat(store.statistics().objects()).isEqualTo(blocks);
  }

  @Test
  void longValuesGoUpInPartsAndRangesOfThemAreChecked() {
    MaintainedStore store =
        open(SERVER.config().with("multipartThreshold", "5MiB").with("partSize", "5MiB"));
    int byteSize = (12 << 20) + 333;
    MemorySegment value = BytePatterns.heap(byteSize, 9);
    ObjectStat stat = store.put("long", value, DEFAULT.ifAbsent());
    assertThat(store.stat("long")).contains(stat);
    assertThat(stat.byteSize()).isEqualTo(byteSize);
    BytePatterns.verify(MemorySegment.ofArray(store.getBytes("long").orElseThrow()), 9, "long");
    for (int[] range : new int[][] {{0, 10}, {262_100, 700_000}, {byteSize - 50, 50}}) {
      MemorySegment target = MemorySegment.ofArray(new byte[range[1]]);
      assertThat(store.getRange("long", range[0], new Region.HostRegion(target)))
          .contains((long) range[1]);
      assertThat(target.mismatch(value.asSlice(range[0], range[1]))).isEqualTo(-1);
    }
    assertThat(
            catchThrowableOfType(
                    KvbmException.class, () -> store.put("long", value, DEFAULT.ifAbsent()))
                .code())
        .isEqualTo(ErrorCode.PRECONDITION_FAILED);
    assertThat(SERVER.blobs().listMultipartUploads(bucket)).as("aborted on failure").isEmpty();
  }

  @Test
  void aDamagedObjectIsCorruptAndFoundByVerify() throws Exception {
    MaintainedStore store = open(SERVER.config());
    store.put("sound", BytePatterns.heap(1000, 1), DEFAULT);
    store.put("hurt", BytePatterns.heap(1000, 2), DEFAULT);
    Blob blob = SERVER.blobs().getBlob(bucket, "hurt");
    byte[] bytes = blob.getPayload().openStream().readAllBytes();
    bytes[500] ^= 1;
    SERVER
        .blobs()
        .putBlob(
            bucket,
            SERVER.blobs().blobBuilder("hurt").payload(bytes).contentLength(bytes.length).build());
    assertThat(catchThrowableOfType(CorruptionException.class, () -> store.getBytes("hurt")))
        .hasMessageContaining("hurt");
    assertThat(store.verify(MaintainedStore.Progress.NONE).damaged())
        .extracting(damage -> damage.name())
        .containsExactly("hurt");
  }

  /** The service sees to it, S3Proxy with the gate before it: {@link S3Server}. */
  @Test
  void oneOfConditionalPutsOfSeveralBackendsWins() {
    List<MaintainedStore> stores =
        IntStream.range(0, 4).mapToObj(_ -> open(SERVER.config())).toList();
    for (int round = 0; round < 10; round++) {
      String key = "key" + round;
      long winners =
          stores.stream()
              .map(
                  store ->
                      CompletableFuture.supplyAsync(
                          () -> {
                            try {
                              store.put(key, BytePatterns.heap(10, 1), DEFAULT.ifAbsent());
                              return true;
                            } catch (KvbmException e) {
                              assertThat(e.code()).isEqualTo(ErrorCode.PRECONDITION_FAILED);
                              return false;
                            }
                          },
                          context.ioExecutor()))
              .toList()
              .stream()
              .filter(CompletableFuture::join)
              .count();
      assertThat(winners).as("round %d", round).isEqualTo(1);
    }
  }

  @Test
  void collectionKeepsTheQuotaAndTheNewest() throws Exception {
    setClock();
    MaintainedStore store = open(SERVER.config().with("quota", "5KiB"));
    for (int i = 0; i < 10; i++) {
      store.put("o" + i, BytePatterns.heap(1000, i), DEFAULT);
    }
    assertThat(store.compact(MaintainedStore.Progress.NONE).afterByteSize())
        .isLessThanOrEqualTo(5 << 10);
    assertThat(store.statistics().storedByteSize()).isBetween(1L, 5L << 10);
    for (ObjectStat kept : store.list("", "", 100)) {
      assertThat(store.getBytes(kept.key())).isPresent();
    }
  }

  @Test
  void collectionTakesWhatIsOlderThanItsAge() {
    setClock();
    MaintainedStore store = open(SERVER.config().with("ttl", "1h"));
    store.put("old", BytePatterns.heap(10, 1), DEFAULT);
    store.compact(MaintainedStore.Progress.NONE);
    assertThat(store.stat("old")).isPresent();
    context.manualClock().advance(Duration.ofHours(2));
    store.compact(MaintainedStore.Progress.NONE);
    assertThat(store.stat("old")).isEmpty();
  }

  @Test
  void expiredObjectsAndTheirMarksAreCollected() {
    setClock();
    MaintainedStore store = open(SERVER.config());
    store.put("brief", BytePatterns.heap(10, 1), DEFAULT.withTimeToLive(Duration.ofMinutes(1)));
    store.put("lasting", BytePatterns.heap(10, 1), DEFAULT);
    context.manualClock().advance(Duration.ofDays(2));
    store.compact(MaintainedStore.Progress.NONE);
    store.compact(MaintainedStore.Progress.NONE);
    assertThat(SERVER.blobs().countBlobs(bucket)).isEqualTo(1);
  }

  @Test
  void anAbandonedUploadIsSweptAndAYoungOneIsNot() {
    setClock();
    BackendConfig config = SERVER.config().with("partSize", "5MiB").with("orphanAge", "1h");
    MaintainedStore store = open(config);
    try (ObjectWriter writer = store.writer("key", DEFAULT)) {
      writer.write(BytePatterns.heap(6 << 20, 1));
      store.compact(MaintainedStore.Progress.NONE);
      writer.commit();
    }
    assertThat(store.stat("key")).isPresent();
    ObjectWriter abandoned = store.writer("other", DEFAULT);
    abandoned.write(BytePatterns.heap(6 << 20, 1));
    assertThat(SERVER.blobs().listMultipartUploads(bucket)).hasSize(1);
    context.manualClock().advance(Duration.ofHours(2));
    store.compact(MaintainedStore.Progress.NONE);
    assertThat(SERVER.blobs().listMultipartUploads(bucket)).isEmpty();
    assertThat(catchThrowableOfType(KvbmException.class, abandoned::commit)).isNotNull();
    abandoned.close();
    assertThat(store.stat("other")).isEmpty();
  }

  @Test
  void aFileGivesASecretAndNothingShowsIt() throws Exception {
    java.nio.file.Path file = java.nio.file.Files.createTempFile("kvbm", ".secret");
    try {
      java.nio.file.Files.writeString(file, S3Server.SECRET_KEY + "\n");
      java.util.Map<String, String> values = new java.util.HashMap<>(SERVER.config().values());
      values.remove("secretKey");
      values.put("secretKeyFile", file.toString());
      BackendConfig config = BackendConfig.of(values);
      open(config).put("key", BytePatterns.heap(1, 1), DEFAULT);
      assertThat(S3Settings.of(config).toString()).doesNotContain(S3Server.SECRET_KEY);
    } finally {
      java.nio.file.Files.delete(file);
    }
  }
}
