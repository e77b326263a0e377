package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CapacityException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.MaintainedStore.Progress;
import io.kvbm.api.store.MappedObject;
import io.kvbm.api.store.ObjectBatch;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.disk.FileDisk;
import io.kvbm.backend.disk.io.InlineEngine;
import io.kvbm.testkit.ManualClock;
import io.kvbm.testkit.disk.SimDisk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Values shown in memory: mapped where they have a file and the disk can map, else copied. */
class ObjectMapTest {

  private static final PutOptions SYNCED = PutOptions.DEFAULT.withDurability(Durability.SYNCED);
  private static final int LONG = 200_000;
  private static final long LENT = 1L << 30;

  @TempDir private Path directory;

  private final FileDisk files = new FileDisk();
  private final AtomicLong lent = new AtomicLong();
  private final MemoryBudget budget =
      byteSize -> {
        if (lent.addAndGet(byteSize) > LENT) {
          lent.addAndGet(-byteSize);
          throw new CapacityException(ErrorCode.ALLOCATION_FAILED, "nothing left", byteSize, 0);
        }
        return () -> lent.addAndGet(-byteSize);
      };
  private Path place = ObjectFixture.DIRECTORY;
  private LogObjectStore store;

  @BeforeEach
  void openOnFiles() {
    place = directory.toAbsolutePath().resolve("store");
    files.createDirectories(place);
    store = open(files, OpenMode.WRITE, TestSettings.small().build());
  }

  @AfterEach
  void close() {
    store.close();
    files.close();
    assertThat(lent).as("budget not given back").hasValue(0);
  }

  private LogObjectStore open(Disk disk, OpenMode mode, StoreSettings settings) {
    return LogObjectStore.open(
        disk,
        new InlineEngine(),
        place,
        mode,
        settings,
        new Codecs(List.of(new RunLengthCodec())),
        new ManualClock(),
        budget,
        MetricsSink.NULL);
  }

  private void reopen(Disk disk, StoreSettings settings) {
    store.close();
    store = open(disk, OpenMode.WRITE, settings);
  }

  private void put(String key, long version, int byteSize) {
    store.put(key, ObjectFixture.value(key, version, byteSize), SYNCED);
  }

  private static MappedObject map(LogObjectStore from, String key) {
    return from.map(key).orElseThrow();
  }

  private static void assertShows(MappedObject shown, String key, long version, int byteSize) {
    assertThat(shown.segment().byteSize()).isEqualTo(byteSize);
    assertThat(shown.segment().isReadOnly()).isTrue();
    assertThat(shown.segment().address() % Format.ALIGNMENT).isZero();
    assertThat(ObjectFixture.version(key, shown.segment())).isEqualTo(version);
  }

  /** {@return the mappings of this process that are files of values of this store} */
  private List<String> mappings() {
    String objects = place.resolve("objects").toString();
    try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.filter(line -> line.contains(objects) && line.contains(".obj")).toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private List<Path> objectFiles(Disk disk) {
    return disk.list(place.resolve("objects"));
  }

  @Test
  void aValueWithAFileIsMappedAndTakesNoMemory() {
    put("large", 1, LONG);
    map(store, "large").close(); // so that the buffers for checking are there
    long before = lent.get();
    try (MappedObject shown = map(store, "large")) {
      assertShows(shown, "large", 1, LONG);
      assertThat(mappings()).hasSize(1);
      assertThat(lent).as("memory taken").hasValue(before);
    }
    assertThat(mappings()).isEmpty();
    assertThat(store.statistics().gets()).isEqualTo(2);
    assertThat(store.statistics().gotBytes()).isEqualTo(2 * LONG);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyOtherValueIsCopied(boolean simulated) {
    if (simulated) {
      place = ObjectFixture.DIRECTORY;
      reopen(SimDisk.of(1), TestSettings.small().build());
      put("large", 1, LONG);
    }
    put("small", 2, 100);
    put("middle", 3, TestSettings.FILE - 1);
    store.put("empty", MemorySegment.NULL, SYNCED);
    Map<String, Long> copied =
        simulated ? Map.of("large", 1L, "small", 2L) : Map.of("small", 2L, "middle", 3L);
    for (String key : copied.keySet()) {
      int byteSize = (int) store.stat(key).orElseThrow().byteSize();
      map(store, key).close();
      long before = lent.get();
      try (MappedObject shown = map(store, key)) {
        assertShows(shown, key, Objects.requireNonNull(copied.get(key)), byteSize);
        assertThat(lent).as("memory taken").hasValue(before + byteSize);
      }
      assertThat(lent).hasValue(before);
    }
    try (MappedObject shown = map(store, "empty")) {
      assertThat(shown.segment().byteSize()).isZero();
    }
    assertThat(store.map("nothing")).isEmpty();
    assertThat(mappings()).isEmpty();
  }

  @Test
  void aStreamedValueAndABatchOfLongOnesAreMapped() {
    MemorySegment value = ObjectFixture.value("streamed", 1, 9001);
    try (ObjectWriter writer = store.writer("streamed", SYNCED)) {
      writer.write(value.asSlice(0, 100));
      writer.write(value.asSlice(100));
      writer.commit();
    }
    ObjectBatch batch = new ObjectBatch();
    for (int i = 0; i < 3; i++) {
      batch.put("batch-" + i, ObjectFixture.value("batch-" + i, 2, 8000), SYNCED);
    }
    store.apply(batch);
    try (MappedObject streamed = map(store, "streamed");
        MappedObject one = map(store, "batch-1")) {
      assertShows(streamed, "streamed", 1, 9001);
      assertShows(one, "batch-1", 2, 8000);
      assertThat(mappings()).hasSize(2);
    }
  }

  @Test
  void anEncodedValueIsShownDecoded() {
    reopen(files, TestSettings.small().codec(RunLengthCodec.NUMBER).build());
    byte[] spaces = " ".repeat(3000).getBytes(StandardCharsets.US_ASCII);
    store.put("packed", MemorySegment.ofArray(spaces), SYNCED);
    try (MappedObject shown = map(store, "packed")) {
      assertThat(shown.segment().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(spaces);
    }
  }

  @Test
  void aMappingSurvivesWhatBecomesOfItsKey() {
    put("large", 1, LONG);
    put("other", 2, LONG);
    put("small", 3, 500);
    List<Path> before = objectFiles(files);
    try (MappedObject large = map(store, "large");
        MappedObject other = map(store, "other");
        MappedObject small = map(store, "small")) {
      put("large", 4, LONG);
      store.delete("other", Durability.SYNCED);
      put("small", 5, 600);
      for (int i = 0; i < 40; i++) { // through several segments
        put("filler", i, 6000);
      }
      store.compact(Progress.NONE);
      assertThat(objectFiles(files))
          .as("files of the old values")
          .doesNotContainAnyElementsOf(before);
      for (int i = 0; i < 5; i++) { // into what space was given back
        put("new-" + i, i, LONG);
      }
      assertShows(large, "large", 1, LONG);
      assertShows(other, "other", 2, LONG);
      assertShows(small, "small", 3, 500);
      try (MappedObject again = map(store, "large")) {
        assertShows(again, "large", 4, LONG);
      }
    }
    assertThat(mappings()).isEmpty();
  }

  @Test
  void aFlippedBitIsRefusedWhereverItIs() {
    put("large", 1, LONG);
    Path file = objectFiles(files).getFirst();
    byte[] whole = ObjectFixture.bytes(files, file);
    long last = Format.PAGE + LONG - 1;
    for (long at : new long[] {0, 24, 64, Format.PAGE, Format.PAGE + Format.CHUNK, last}) {
      byte[] flipped = {(byte) (whole[(int) at] ^ 1)};
      ObjectFixture.write(files, file, at, flipped, whole.length);
      assertThatThrownBy(() -> store.map("large"))
          .as("bit of byte %d", at)
          .isInstanceOf(CorruptionException.class)
          .hasMessageContaining("large");
      ObjectFixture.write(files, file, at, new byte[] {whole[(int) at]}, whole.length);
      try (MappedObject shown = map(store, "large")) {
        assertShows(shown, "large", 1, LONG);
      }
    }
    assertThat(mappings()).isEmpty();
  }

  @Test
  void aFileThatWasCutOrIsGoneIsRefused() {
    put("large", 1, LONG);
    Path file = objectFiles(files).getFirst();
    ObjectFixture.write(files, file, 0, new byte[0], LONG);
    assertThatThrownBy(() -> store.map("large")).isInstanceOf(CorruptionException.class);
    store.close(); // which also closes the file
    files.unlink(file);
    store = open(files, OpenMode.READ_SNAPSHOT, TestSettings.small().build());
    assertThatThrownBy(() -> store.map("large"))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("gone");
  }

  @Test
  void theFileOfAnotherValueIsRefused() throws IOException {
    put("one", 1, LONG);
    put("two", 1, LONG);
    List<Path> both = objectFiles(files);
    byte[] second = ObjectFixture.bytes(files, both.getLast());
    ObjectFixture.write(files, both.getFirst(), 0, second, second.length);
    assertThatThrownBy(() -> store.map("one"))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("another value");
  }

  @Test
  void closedTwiceItIsClosedAndItsBytesCannotBeReached() {
    put("large", 1, LONG);
    put("small", 1, 100);
    for (String key : List.of("large", "small")) {
      MappedObject shown = map(store, key);
      shown.close();
      shown.close();
      assertThat(shown.segment().scope().isAlive()).isFalse();
      assertThatThrownBy(() -> shown.segment().get(ValueLayout.JAVA_BYTE, 0))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void whatIsShownOutlivesItsStoreAndTheNext() {
    put("large", 1, LONG);
    put("small", 2, 100);
    MappedObject large = map(store, "large");
    MappedObject small = map(store, "small");
    reopen(files, TestSettings.small().build());
    store.delete("large", Durability.SYNCED);
    store.delete("small", Durability.SYNCED);
    store.compact(Progress.NONE);
    assertThat(objectFiles(files)).isEmpty();
    assertShows(large, "large", 1, LONG);
    assertShows(small, "small", 2, 100);
    large.close();
    small.close();
    assertThat(mappings()).isEmpty();
  }

  @Test
  void aSnapshotMapsWhatWasThere() {
    put("large", 1, LONG);
    MappedObject shown;
    try (LogObjectStore snapshot =
        open(files, OpenMode.READ_SNAPSHOT, TestSettings.small().build())) {
      put("large", 2, LONG);
      put("later", 1, LONG);
      store.compact(Progress.NONE);
      shown = map(snapshot, "large");
      assertThat(snapshot.map("later")).isEmpty();
    }
    store.compact(Progress.NONE);
    assertThat(mappings()).hasSize(1);
    assertShows(shown, "large", 1, LONG);
    shown.close();
  }

  @Test
  void mappingsHoldNoOpenFiles() {
    reopen(files, TestSettings.small().maxOpenFiles(2).build());
    List<MappedObject> shown = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      put("key-" + i, i, 10_000);
      shown.add(map(store, "key-" + i));
    }
    assertThat(mappings()).hasSize(10);
    for (int i = 0; i < 10; i++) {
      assertShows(shown.get(i), "key-" + i, i, 10_000);
      assertThat(ObjectFixture.version(store, "key-" + i)).isEqualTo(i);
      shown.get(i).close();
    }
  }

  @Test
  void aCopyThatTheBudgetRefusesTakesNothing() {
    put("small", 1, 5000);
    map(store, "small").close();
    long before = lent.get();
    MemoryBudget.Reservation rest = budget.reserve(LENT - before - 4999);
    assertThatThrownBy(() -> store.map("small")).isInstanceOf(CapacityException.class);
    rest.close();
    assertThat(lent).hasValue(before);
    map(store, "small").close();
  }

  /** Whoever maps while a key is replaced and its log rewritten sees a value, whole. */
  @Test
  @Timeout(120)
  void mapsRaceReplacementsAndCompaction() throws Exception {
    put("key", 0, 9000);
    AtomicBoolean done = new AtomicBoolean();
    try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
      List<Future<Long>> readers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        readers.add(threads.submit(() -> mapUntil(done)));
      }
      try {
        for (int version = 1; version <= 60; version++) {
          put("key", version, version % 3 == 0 ? 3000 : 9000 + version);
          if (version % 5 == 0) {
            store.compact(Progress.NONE);
          }
        }
      } finally {
        done.set(true);
      }
      for (Future<Long> reader : readers) {
        assertThat(reader.get()).isBetween(0L, 60L);
      }
    }
    assertThat(mappings()).isEmpty();
  }

  /** {@return the last version seen; they never go back} */
  private long mapUntil(AtomicBoolean done) {
    long last = 0;
    while (!done.get()) {
      Optional<MappedObject> found = store.map("key");
      try (MappedObject shown = found.orElseThrow()) {
        long version = ObjectFixture.version("key", shown.segment());
        assertThat(version).isGreaterThanOrEqualTo(last);
        last = version;
      }
    }
    return last;
  }
}
