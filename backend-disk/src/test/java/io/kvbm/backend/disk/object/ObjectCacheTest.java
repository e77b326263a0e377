package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.storage.Region.HostRegion;
import io.kvbm.api.store.MaintainedStore.Progress;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.disk.io.InlineEngine;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.disk.SimDisk;
import io.kvbm.testkit.disk.SimOperation;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is served without the disk, and what is read before it is asked for. */
class ObjectCacheTest {

  private static final Path DIRECTORY = Path.of("/store");
  private static final int VALUE = 40_000;

  private final SimDisk disk = SimDisk.of(1);

  private LogObjectStore open(long cacheByteSize, long prefetchByteSize) {
    StoreSettings usual = StoreSettings.DEFAULT;
    return LogObjectStore.open(
        disk,
        new InlineEngine(),
        DIRECTORY,
        OpenMode.WRITE,
        new StoreSettings(
            usual.direct(),
            1 << 20,
            1 << 20,
            usual.codec(),
            cacheByteSize,
            prefetchByteSize,
            usual.maxInFlightByteSize(),
            usual.maxLogByteSize(),
            usual.maxValueByteSize(),
            usual.maxKeys(),
            usual.maxOpenFiles(),
            usual.checkpointByteSize(),
            usual.without()),
        new Codecs(List.of()),
        Clock.SYSTEM,
        MemoryBudget.UNLIMITED,
        MetricsSink.NULL);
  }

  private static void put(LogObjectStore store, String key, int byteSize, long seed) {
    store.put(key, BytePatterns.heap(byteSize, seed), PutOptions.DEFAULT);
  }

  private static void assertHolds(LogObjectStore store, String key, long seed) {
    BytePatterns.verify(
        MemorySegment.ofArray(store.getBytes(key).orElseThrow()), seed, "object " + key);
  }

  private long reads() {
    return disk.calls(SimOperation.READ);
  }

  @Test
  void aHotValueIsServedWithoutTheDiskAndNeverAfterItWasReplaced() {
    try (LogObjectStore store = open(1 << 20, 0)) {
      put(store, "key", VALUE, 1);
      assertHolds(store, "key", 1);
      long before = reads();
      assertHolds(store, "key", 1);
      assertThat(store.getRange("key", 100, new HostRegion(MemorySegment.ofArray(new byte[50]))))
          .contains(50L);
      assertThat(reads()).as("reads of the disk").isEqualTo(before);
      assertThat(store.statistics().cacheHits()).isEqualTo(2);

      put(store, "key", VALUE, 2);
      assertHolds(store, "key", 2);
      assertThat(reads()).isGreaterThan(before);
      assertThat(store.statistics().cacheByteSize()).isBetween((long) VALUE, 2L * VALUE);
    }
  }

  @Test
  void theCacheKeepsItsSize() {
    long limit = 1 << 20;
    try (LogObjectStore store = open(limit, 0)) {
      for (int i = 0; i < 100; i++) {
        put(store, "key-" + i, VALUE, i);
        assertHolds(store, "key-" + i, i);
      }
      assertThat(store.statistics().cacheByteSize()).isBetween(limit / 2, limit * 11 / 10);
    }
  }

  @Test
  void aCheckOfTheStorePassesTheCacheBy() {
    try (LogObjectStore store = open(1 << 20, 0)) {
      put(store, "key", VALUE, 1);
      assertHolds(store, "key", 1);
      long before = reads();
      assertThat(
              store.verify(
                  Progress.NONE,
                  (key, failure) -> {
                    throw failure;
                  }))
          .isEqualTo(1);
      assertThat(reads()).as("reads of the disk").isGreaterThan(before);
    }
  }

  @Test
  void rangesThatFollowEachOtherAreReadAhead() {
    int byteSize = 600_000;
    try (LogObjectStore store = open(0, 128 << 10)) {
      put(store, "key", byteSize, 7);
      byte[] read = new byte[byteSize];
      MemorySegment whole = MemorySegment.ofArray(read);
      for (int at = 0; at < byteSize; at += 10_000) {
        store.getRange("key", at, new HostRegion(whole.asSlice(at, 10_000)));
      }
      BytePatterns.verify(whole, 7, "read piece by piece");
      StoreSnapshot after = store.statistics();
      assertThat(after.prefetchUsedBytes()).as("read ahead and used").isGreaterThan(byteSize / 2);
      assertThat(after.prefetchWastedBytes()).isLessThan(128 << 10);
    }
  }

  @Test
  void rangesHereAndThereAreNotReadAhead() {
    int byteSize = 600_000;
    try (LogObjectStore store = open(0, 128 << 10)) {
      put(store, "key", byteSize, 7);
      MemorySegment piece = MemorySegment.ofArray(new byte[10_000]);
      for (int at : new int[] {500_000, 0, 300_000, 100_000}) {
        store.getRange("key", at, new HostRegion(piece));
      }
      assertThat(store.statistics().prefetchUsedBytes()).isZero();
      assertThat(store.statistics().prefetchWastedBytes()).isZero();
    }
  }
}
