package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.MaintainedStore.Progress;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.disk.FileDisk;
import io.kvbm.backend.disk.io.EngineType;
import io.kvbm.backend.disk.io.Engines;
import io.kvbm.backend.disk.io.InlineEngine;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.testkit.disk.SimDisk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Behind each limit is an error that names it, and a store that goes on. */
class ObjectLimitsTest {

  private static final PutOptions SYNCED = PutOptions.DEFAULT.withDurability(Durability.SYNCED);

  private static void assertRefused(String limit, ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(CapacityException.class).hasMessageContaining(limit);
  }

  private static void put(LogObjectStore store, String key, long version, int byteSize) {
    store.put(key, ObjectFixture.value(key, version, byteSize), SYNCED);
  }

  private static void assertGoesOn(LogObjectStore store) {
    put(store, "on", 7, 100);
    assertThat(ObjectFixture.version(store, "on")).isEqualTo(7);
  }

  @Test
  void aValueIsNotLongerThanAllowed() {
    StoreSettings settings = TestSettings.small().maxValue(10_000).build();
    try (LogObjectStore store = ObjectFixture.open(SimDisk.of(1), settings)) {
      assertRefused("maxValueByteSize", () -> put(store, "key", 1, 10_001));
      try (ObjectWriter writer = store.writer("key", SYNCED)) {
        writer.write(ObjectFixture.value("key", 1, 9_000));
        assertRefused("maxValueByteSize", () -> writer.write(ObjectFixture.value("key", 1, 1_001)));
      }
      assertThat(store.stat("key")).isEmpty();
      put(store, "key", 2, 10_000);
      assertGoesOn(store);
    }
  }

  @Test
  void theLogIsNotLongerThanAllowedAndDeletesMakeRoom() {
    StoreSettings settings = TestSettings.small().maxLog(4 * TestSettings.SEGMENT).build();
    try (LogObjectStore store = ObjectFixture.open(SimDisk.of(1), settings)) {
      assertRefused(
          "maxLogByteSize",
          () -> {
            for (int i = 0; ; i++) {
              put(store, "key-" + i, 1, 3000);
            }
          });
      long count = store.statistics().keys();
      assertThat(count).isGreaterThan(10);
      for (int i = 0; i < count; i++) {
        assertThat(ObjectFixture.version(store, "key-" + i)).isEqualTo(1);
        assertThat(store.delete("key-" + i, Durability.SYNCED)).isTrue();
      }
      store.compact(Progress.NONE);
      assertGoesOn(store);
    }
  }

  @Test
  void thereAreNotMoreKeysThanAllowed() {
    StoreSettings settings = TestSettings.small().maxKeys(3).build();
    try (LogObjectStore store = ObjectFixture.open(SimDisk.of(1), settings)) {
      for (int i = 0; i < 3; i++) {
        put(store, "key-" + i, 1, 100);
      }
      assertRefused("maxKeys", () -> put(store, "key-3", 1, 100));
      put(store, "key-2", 2, 100);
      store.delete("key-0", Durability.NONE);
      assertGoesOn(store);
    }
  }

  @Test
  void theCacheIsNotLargerThanAllowed() {
    StoreSettings settings = TestSettings.small().cache(64 << 10).build();
    try (LogObjectStore store = ObjectFixture.open(SimDisk.of(1), settings)) {
      for (int i = 0; i < 50; i++) {
        put(store, "key-" + i, i, 5000);
        assertThat(ObjectFixture.version(store, "key-" + i)).isEqualTo(i);
        assertThat(store.statistics().cacheByteSize()).isLessThanOrEqualTo(70 << 10);
      }
      assertThat(store.statistics().cacheByteSize()).isPositive();
    }
  }

  /** Puts wait in a disk that has stopped answering, until no more may wait. */
  @Test
  @Timeout(60)
  void notMoreBytesAreBeingPutThanAllowed() throws Exception {
    SimDisk disk = SimDisk.of(1);
    StoreSettings settings = TestSettings.small().maxInFlight(10_000).build();
    try (IoEngine engine = Engines.threads(EngineType.BUFFERED, 2);
        ExecutorService threads = Executors.newCachedThreadPool();
        LogObjectStore store =
            ObjectFixture.open(disk, engine, ObjectFixture.DIRECTORY, OpenMode.WRITE, settings)) {
      long before = disk.calls();
      disk.stallAt(before + 1);
      Future<?> first = threads.submit(() -> put(store, "one", 1, 6000));
      while (disk.stalled() == 0) {
        Thread.onSpinWait();
      }
      assertRefused("maxInFlightByteSize", () -> put(store, "two", 1, 4001));
      disk.release();
      first.get();
      put(store, "two", 2, 4001);
      assertThat(ObjectFixture.version(store, "one")).isEqualTo(1);
      assertThat(ObjectFixture.version(store, "two")).isEqualTo(2);
    }
  }

  @Test
  @Timeout(60)
  void notMoreFilesAreOpenThanAllowed() throws Exception {
    SimDisk disk = SimDisk.of(1);
    StoreSettings settings = TestSettings.small().maxOpenFiles(4).build();
    try (IoEngine engine = Engines.threads(EngineType.BUFFERED, 8);
        ExecutorService threads = Executors.newCachedThreadPool();
        LogObjectStore store =
            ObjectFixture.open(disk, engine, ObjectFixture.DIRECTORY, OpenMode.WRITE, settings)) {
      for (int i = 0; i < 20; i++) { // three in each file of the log
        put(store, "key-" + i, i, 6000);
      }
      for (int i = 0; i < 20; i++) { // one after the other: files are closed for others
        assertThat(ObjectFixture.version(store, "key-" + i)).isEqualTo(i);
      }
      List<Future<Long>> readers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        String key = "key-" + 4 * i;
        ObjectFixture.version(store, key); // so that its file is open
      }
      for (int i = 0; i < 4; i++) {
        String key = "key-" + 4 * i;
        disk.stallAt(disk.calls() + 1);
        readers.add(threads.submit(() -> ObjectFixture.version(store, key)));
        while (disk.stalled() <= i) {
          Thread.onSpinWait();
        }
      }
      assertRefused("maxOpenFiles", () -> ObjectFixture.version(store, "key-17"));
      disk.release();
      for (int i = 0; i < 4; i++) {
        assertThat(readers.get(i).get()).isEqualTo(4 * i);
      }
      assertThat(ObjectFixture.version(store, "key-17")).isEqualTo(17);
      assertGoesOn(store);
    }
  }

  @Test
  void aSecondWriterIsRefusedAtOnceNamingTheFirst(@TempDir Path directory) {
    try (FileDisk files = new FileDisk()) {
      for (Disk disk : List.of(files, SimDisk.of(1))) {
        Path place = disk == files ? directory.resolve("store") : ObjectFixture.DIRECTORY;
        StoreSettings settings = TestSettings.small().build();
        try (LogObjectStore store = open(disk, place, OpenMode.WRITE, settings)) {
          assertThatThrownBy(() -> open(disk, place, OpenMode.WRITE, settings))
              .isInstanceOfSatisfying(
                  TransientException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.LOCKED))
              .hasMessageContaining(Long.toString(ProcessHandle.current().pid()))
              .hasMessageContaining(place.toString());
          assertGoesOn(store);
        }
        open(disk, place, OpenMode.WRITE, settings).close();
      }
    }
  }

  private static LogObjectStore open(Disk disk, Path place, OpenMode mode, StoreSettings settings) {
    return ObjectFixture.open(disk, new InlineEngine(), place, mode, settings);
  }

  /** Also values in files, and while the log is rewritten below it. */
  @Test
  void aSnapshotShowsWhatWasThereUntilItIsClosed() {
    SimDisk disk = SimDisk.of(1);
    StoreSettings settings = TestSettings.small().build();
    try (LogObjectStore store = ObjectFixture.open(disk, settings)) {
      for (int i = 0; i < 20; i++) {
        put(store, "key-" + i, 1, i % 4 == 0 ? 9000 : 2000);
      }
      LogObjectStore snapshot =
          open(disk, ObjectFixture.DIRECTORY, OpenMode.READ_SNAPSHOT, settings);
      for (int round = 2; round < 6; round++) {
        for (int i = 0; i < 20; i++) {
          if (i % 3 == 0) {
            store.delete("key-" + i, Durability.SYNCED);
          } else {
            put(store, "key-" + i, round, i % 4 == 0 ? 9000 : 2000);
          }
        }
        store.compact(Progress.NONE);
        for (int i = 0; i < 20; i++) {
          assertThat(ObjectFixture.version(snapshot, "key-" + i)).isEqualTo(1);
        }
        assertThat(snapshot.list("", "", 100)).hasSize(20);
      }
      int held = disk.list(ObjectFixture.DIRECTORY.resolve("segments")).size();
      snapshot.close();
      put(store, "key-1", 6, 2000);
      store.compact(Progress.NONE);
      assertThat(disk.list(ObjectFixture.DIRECTORY.resolve("segments"))).hasSizeLessThan(held);
      try (LogObjectStore after =
          open(disk, ObjectFixture.DIRECTORY, OpenMode.READ_SNAPSHOT, settings)) {
        assertThat(ObjectFixture.version(after, "key-1")).isEqualTo(6);
        assertThat(ObjectFixture.version(after, "key-0")).isZero();
        assertThat(ObjectFixture.version(after, "key-2")).isEqualTo(5);
      }
    }
  }
}
