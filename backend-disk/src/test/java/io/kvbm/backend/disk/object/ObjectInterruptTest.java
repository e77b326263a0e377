package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.MaintainedStore.Progress;
import io.kvbm.api.store.MappedObject;
import io.kvbm.api.store.ObjectBatch;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.disk.FileDisk;
import io.kvbm.backend.disk.io.EngineSettings;
import io.kvbm.backend.disk.io.EngineType;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.IoEngines;
import io.kvbm.testkit.disk.SimDisk;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Threads that were interrupted before they call: the call works and they stay interrupted. */
@Timeout(60)
class ObjectInterruptTest {

  private static final PutOptions SYNCED = PutOptions.DEFAULT.withDurability(Durability.SYNCED);
  private static final StoreSettings SETTINGS = TestSettings.small().build();

  @TempDir private Path directory;
  private @Nullable LogObjectStore store;
  private final List<String> failed = new ArrayList<>();

  static Stream<Arguments> disksAndEngines() {
    return Stream.of(
        Arguments.of("files", EngineType.AUTO),
        Arguments.of("files", EngineType.BUFFERED),
        Arguments.of("simulated", EngineType.BUFFERED),
        Arguments.of("simulated", EngineType.AUTO));
  }

  @AfterEach
  void clearInterrupt() {
    Thread.interrupted();
  }

  private LogObjectStore store() {
    return Objects.requireNonNull(store);
  }

  /** Interrupts this thread and calls; the call may fail with a typed error. */
  private void interrupted(String what, Runnable call) {
    Thread.currentThread().interrupt();
    try {
      call.run();
    } catch (KvbmException e) {
      assertThat(e.getMessage()).isNotBlank();
      failed.add(what + ": " + e.getMessage());
    }
    assertThat(Thread.interrupted()).as("still interrupted after %s", what).isTrue();
  }

  private static void put(LogObjectStore store, String key, long version, int byteSize) {
    store.put(key, ObjectFixture.value(key, version, byteSize), SYNCED);
  }

  @ParameterizedTest
  @MethodSource("disksAndEngines")
  void everyOperationWorksAndTheThreadStaysInterrupted(String kind, EngineType type) {
    try (FileDisk files = new FileDisk()) {
      boolean real = kind.equals("files");
      Disk disk = real ? files : SimDisk.of(1);
      Path place = real ? directory.resolve("store") : ObjectFixture.DIRECTORY;
      disk.createDirectories(place);
      try (IoEngine engine =
          IoEngines.choose(disk, place, type)
              .open(new EngineSettings(type, 8, 1, 1), MetricsSink.NULL)) {
        work(disk, engine, place);
      }
    }
    assertThat(failed).as("calls that failed").isEmpty();
  }

  private void work(Disk disk, IoEngine engine, Path place) {
    interrupted("open", () -> store = open(disk, engine, place, OpenMode.WRITE));
    interrupted("put", () -> put(store(), "small", 1, 300));
    interrupted("put of a file", () -> put(store(), "large", 2, 9000));
    interrupted("batch", this::batch);
    interrupted("stream", () -> stream("stream", 5, 12_000));
    interrupted("get", () -> assertHolds("small", 1));
    interrupted("get of a file", () -> assertHolds("large", 2));
    interrupted("map", this::map);
    interrupted("stat", () -> assertThat(store().stat("small")).isPresent());
    interrupted("list", () -> assertThat(store().list("", "", 10)).hasSize(5));
    for (int i = 0; i < 12; i++) { // into the next segments
      long version = 10 + i;
      interrupted("put again", () -> put(store(), "small", version, 5000));
    }
    interrupted("delete", () -> store().delete("large", Durability.SYNCED));
    interrupted("flush", () -> store().flush());
    interrupted("compact", () -> store().compact(Progress.NONE));
    interrupted(
        "verify",
        () ->
            store()
                .verify(
                    Progress.NONE,
                    (key, failure) -> {
                      throw failure;
                    }));
    interrupted("snapshot", () -> open(disk, engine, place, OpenMode.READ_SNAPSHOT).close());
    interrupted("close", () -> store().close());
    interrupted("open again", () -> store = open(disk, engine, place, OpenMode.WRITE));
    assertHolds("small", 21);
    assertHolds("one", 3);
    assertHolds("two", 4);
    assertHolds("stream", 5);
    assertHolds("large", 0);
    put(store(), "small", 30, 100);
    assertHolds("small", 30);
    store().close();
  }

  private static LogObjectStore open(Disk disk, IoEngine engine, Path place, OpenMode mode) {
    return ObjectFixture.open(disk, engine, place, mode, SETTINGS);
  }

  private void batch() {
    ObjectBatch batch = new ObjectBatch();
    batch.put("one", ObjectFixture.value("one", 3, 100), SYNCED);
    batch.put("two", ObjectFixture.value("two", 4, 9000), SYNCED);
    store().apply(batch);
  }

  private void stream(String key, long version, int byteSize) {
    MemorySegment value = ObjectFixture.value(key, version, byteSize);
    try (ObjectWriter writer = store().writer(key, SYNCED)) {
      for (int at = 0; at < byteSize; at += 4000) {
        writer.write(value.asSlice(at, Math.min(4000, byteSize - at)));
      }
      writer.commit();
    }
  }

  private void map() {
    for (String key : List.of("small", "large")) {
      try (MappedObject mapped = store().map(key).orElseThrow()) {
        assertThat(ObjectFixture.version(key, mapped.segment())).isPositive();
      }
    }
  }

  private void assertHolds(String key, long version) {
    assertThat(ObjectFixture.version(store(), key)).as(key).isEqualTo(version);
  }
}
