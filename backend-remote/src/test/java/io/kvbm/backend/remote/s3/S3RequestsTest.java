package io.kvbm.backend.remote.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.kvbm.api.ClosedException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.MaintainedStore;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.remote.s3.FaultyProxy.Fate;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.TestContext;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.jclouds.blobstore.domain.Blob;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.HeadObjectRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListMultipartUploadsRequest;
import software.amazon.awssdk.services.s3.model.ListMultipartUploadsResponse;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** What goes to the service: how often, with which headers, until when. */
@Timeout(120)
@SuppressWarnings("try") // what is closed when is what is tested
class S3RequestsTest {

  private static final S3Server SERVER = S3Server.inMemory();
  private static final AtomicInteger BUCKETS = new AtomicInteger();
  private static final PutOptions DEFAULT = PutOptions.DEFAULT;

  private final TestContext context = new TestContext();
  private final String bucket = "requests" + BUCKETS.getAndIncrement();
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

  private MaintainedStore open(BackendConfig config) {
    backend = new S3BackendProvider().open(context, config.with("conditionalPuts", "true"));
    return (MaintainedStore) backend.objectStores().getFirst().open(bucket, OpenMode.WRITE);
  }

  /** A service whose unfinished uploads come two at a time. */
  private static final class Pages implements S3Client {
    private final int uploads;
    final AtomicInteger asked = new AtomicInteger();

    Pages(int uploads) {
      this.uploads = uploads;
    }

    @Override
    public ListMultipartUploadsResponse listMultipartUploads(ListMultipartUploadsRequest request) {
      asked.incrementAndGet();
      int from = request.keyMarker() == null ? 0 : Integer.parseInt(request.keyMarker()) + 1;
      int to = Math.min(uploads, from + 2);
      List<MultipartUpload> page = new ArrayList<>();
      for (int i = from; i < to; i++) {
        page.add(MultipartUpload.builder().key(Integer.toString(i)).uploadId("id" + i).build());
      }
      return ListMultipartUploadsResponse.builder()
          .uploads(page)
          .isTruncated(to < uploads)
          .nextKeyMarker(to < uploads ? Integer.toString(to - 1) : null)
          .nextUploadIdMarker(to < uploads ? "id" + (to - 1) : null)
          .build();
    }

    @Override
    public HeadObjectResponse headObject(HeadObjectRequest request) {
      asked.incrementAndGet();
      throw S3Exception.builder().statusCode(503).message("slow down").build();
    }

    @Override
    public String serviceName() {
      return "s3";
    }

    @Override
    public void close() {
      // nothing is open
    }
  }

  @Test
  void allPagesOfUnfinishedUploadsAreSeen() {
    Pages client = new Pages(7);
    S3Calls calls = new S3Calls(client, S3Settings.of(BackendConfig.empty()), Clock.SYSTEM, _ -> 0);
    assertThat(new S3Bucket(calls, "bucket").uploads(""))
        .extracting(MultipartUpload::uploadId)
        .containsExactly("id0", "id1", "id2", "id3", "id4", "id5", "id6");
    assertThat(client.asked).hasValue(4);
  }

  @Test
  void pausesAreOfRandomLengthBelowABoundThatDoubles() {
    List<Long> bounds = new ArrayList<>();
    Pages client = new Pages(0);
    S3Calls calls =
        new S3Calls(
            client,
            S3Settings.of(BackendConfig.of("attempts", "10")),
            Clock.SYSTEM,
            bound -> {
              bounds.add(bound / 1_000_000);
              return 0;
            });
    KvbmException e =
        catchThrowableOfType(KvbmException.class, () -> new S3Bucket(calls, "bucket").head("key"));
    assertThat(e.code()).isEqualTo(ErrorCode.DISCONNECTED);
    assertThat(client.asked).hasValue(10);
    assertThat(bounds)
        .as("upper bounds in ms")
        .containsExactly(50L, 100L, 200L, 400L, 800L, 1600L, 3200L, 5000L, 5000L);
  }

  @ParameterizedTest
  @CsvSource({
    "true, http://storage.example:9000/models/k",
    "false, http://models.storage.example:9000/k",
    ", http://storage.example:9000/models/k"
  })
  void theBucketIsInThePathOrInTheHost(String pathStyle, String expected) {
    BackendConfig plain = BackendConfig.of("endpoint", "http://storage.example:9000");
    BackendConfig config = pathStyle == null ? plain : plain.with("pathStyle", pathStyle);
    try (S3Client client = S3BackendProvider.client(S3Settings.of(config))) {
      assertThat(client.utilities().getUrl(r -> r.bucket("models").key("k"))).hasToString(expected);
    }
  }

  @ParameterizedTest
  @CsvSource({"crc32c, true", "when-required, false", "none, false"})
  void theServiceGetsAChecksumUnlessItIsToldNotTo(String mode, boolean isSent) throws Exception {
    try (FaultyProxy proxy = new FaultyProxy(SERVER.port(), _ -> Fate.PASS)) {
      MaintainedStore store =
          open(
              S3Server.config(proxy.port())
                  .with("checksum", mode)
                  .with("partSize", "5MiB")
                  .with("multipartThreshold", "5MiB"));
      store.put("short", BytePatterns.heap(100, 1), DEFAULT);
      store.put("long", BytePatterns.heap(6 << 20, 2), DEFAULT);
      List<String> puts = proxy.heads("PUT /" + bucket + "/");
      assertThat(puts).as("one, and two parts").hasSize(3);
      assertThat(puts)
          .allMatch(
              head ->
                  head.toLowerCase(java.util.Locale.ROOT).contains("x-amz-checksum-crc32c:")
                      == isSent);
      BytePatterns.verify(MemorySegment.ofArray(store.getBytes("long").orElseThrow()), 2, mode);
    }
  }

  @Test
  void anErrorInsideAnAnswerOf200IsTriedAgain() throws Exception {
    AtomicInteger armed = new AtomicInteger(-1);
    try (FaultyProxy proxy =
        new FaultyProxy(SERVER.port(), i -> i == armed.get() ? Fate.ERROR_IN_200 : Fate.PASS)) {
      MaintainedStore store =
          open(
              S3Server.config(proxy.port())
                  .with("partSize", "5MiB")
                  .with("multipartThreshold", "5MiB"));
      armed.set(proxy.requests() + 3); // a start, two parts, the end
      store.put("long", BytePatterns.heap(6 << 20, 2), DEFAULT);
      assertThat(store.statistics().counters()).containsEntry("retries", 1L);
      BytePatterns.verify(MemorySegment.ofArray(store.getBytes("long").orElseThrow()), 2, "long");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"HALT", "TRICKLE"})
  void anAnswerThatDoesNotComeToItsEndEndsWithItsTime(Fate fate) throws Exception {
    boolean[] armed = {false};
    try (FaultyProxy proxy = new FaultyProxy(SERVER.port(), _ -> armed[0] ? fate : Fate.PASS)) {
      MaintainedStore store =
          open(S3Server.config(proxy.port()).with("attempts", "2").with("requestTimeout", "2s"));
      store.put("key", BytePatterns.heap(100_000, 1), DEFAULT);
      armed[0] = true;
      MemorySegment target = MemorySegment.ofArray(new byte[100_000]);
      KvbmException e =
          CompletableFuture.supplyAsync(
                  () ->
                      catchThrowableOfType(
                          KvbmException.class,
                          () -> store.get("key", new Region.HostRegion(target))),
                  context.ioExecutor())
              .get(30, TimeUnit.SECONDS);
      assertThat(e.code()).isIn(ErrorCode.DEADLINE_EXCEEDED, ErrorCode.DISCONNECTED);
      armed[0] = false;
      assertThat(store.get("key", new Region.HostRegion(target))).isPresent();
      BytePatterns.verify(target, 1, "afterwards");
    }
  }

  @Test
  void anEmptyObjectThatSomebodyElsePutIsDamage() {
    MaintainedStore store = open(SERVER.config());
    SERVER
        .blobs()
        .putBlob(
            bucket,
            SERVER.blobs().blobBuilder("hollow").payload(new byte[0]).contentLength(0).build());
    Region.HostRegion target = new Region.HostRegion(MemorySegment.ofArray(new byte[9]));
    assertThat(
            catchThrowableOfType(
                CorruptionException.class, () -> store.getRange("hollow", 0, target)))
        .hasMessageContaining("hollow");
    assertThat(catchThrowableOfType(CorruptionException.class, () -> store.get("hollow", target)))
        .hasMessageContaining("hollow");
  }

  @Test
  void aLongObjectIsVerifiedPieceByPiece() throws Exception {
    MaintainedStore store =
        open(SERVER.config().with("multipartThreshold", "1GiB").with("requestTimeout", "60s"));
    int byteSize = (33 << 20) + 77;
    store.put("long", BytePatterns.heap(byteSize, 3), DEFAULT);
    assertThat(store.verify(MaintainedStore.Progress.NONE).damaged()).isEmpty();
    Blob blob = SERVER.blobs().getBlob(bucket, "long");
    byte[] bytes = blob.getPayload().openStream().readAllBytes();
    bytes[byteSize - 9] ^= 1;
    SERVER
        .blobs()
        .putBlob(
            bucket,
            SERVER.blobs().blobBuilder("long").payload(bytes).contentLength(bytes.length).build());
    assertThat(store.verify(MaintainedStore.Progress.NONE).damaged())
        .extracting(damage -> damage.name())
        .containsExactly("long");
  }

  @Test
  void aCollectionEndsWhenItsStoreIsClosed() throws Exception {
    context.manualClock().jump(Duration.between(context.clock().instant(), Instant.now()));
    CountDownLatch deleting = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicInteger armed = new AtomicInteger(Integer.MAX_VALUE);
    IntFunction<Fate> fates =
        i -> {
          if (i == armed.get()) {
            deleting.countDown();
            awaitQuietly(goOn);
          }
          return Fate.PASS;
        };
    try (FaultyProxy proxy = new FaultyProxy(SERVER.port(), fates)) {
      MaintainedStore store = open(S3Server.config(proxy.port()).with("quota", "0B"));
      for (int i = 0; i < 50; i++) {
        store.put("o" + i, BytePatterns.heap(100, i), DEFAULT);
      }
      armed.set(proxy.requests() + 20); // a few lists, then looks and deletes
      CompletableFuture<Void> collecting =
          CompletableFuture.runAsync(
              () -> store.compact(MaintainedStore.Progress.NONE), context.ioExecutor());
      deleting.await();
      CompletableFuture<Void> closing =
          CompletableFuture.runAsync(store::close, context.ioExecutor());
      while (isOpen(store)) {
        Thread.onSpinWait();
      }
      goOn.countDown();
      closing.join();
      ExecutionException e = catchThrowableOfType(ExecutionException.class, collecting::get);
      assertThat(e).hasCauseInstanceOf(ClosedException.class);
      assertThat(SERVER.blobs().countBlobs(bucket)).as("left by the next one").isGreaterThan(30);
    }
  }

  private static boolean isOpen(MaintainedStore store) {
    try {
      store.flush();
      return true;
    } catch (ClosedException e) {
      return false;
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kv", "Models", "a_b", "-models", "models.", "s3://models"})
  void aNameThatIsNoBucketIsSaidBeforeAnythingIsSent(String name) {
    KvbmException e =
        catchThrowableOfType(KvbmException.class, () -> open(SERVER.config().with("bucket", name)));
    assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
    assertThat(e).hasMessageContaining("'bucket'");
  }

  @Test
  void noErrorShowsASecret() {
    String wrong = "not-the-secret-key-4711";
    BackendConfig config = SERVER.config().with("secretKey", wrong).with("sessionToken", "s3ss10n");
    KvbmException e = catchThrowableOfType(KvbmException.class, () -> open(config));
    StringWriter trace = new StringWriter();
    e.printStackTrace(new PrintWriter(trace));
    assertThat(trace + " " + config + " " + S3Settings.of(config) + " " + backend)
        .doesNotContain(wrong)
        .doesNotContain("s3ss10n");
  }
}
