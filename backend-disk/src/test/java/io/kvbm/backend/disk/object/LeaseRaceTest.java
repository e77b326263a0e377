package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.disk.Disk;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.MaintainedStore.Progress;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.disk.io.InlineEngine;
import io.kvbm.testkit.disk.SimDisk;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A reader of a snapshot takes its lease while the writer looks whether leases are held. */
class LeaseRaceTest {

  private static final PutOptions SYNCED = PutOptions.DEFAULT.withDurability(Durability.SYNCED);
  private static final StoreSettings SETTINGS = TestSettings.small().build();

  /**
   * The reader has made its lease and not locked it; the writer finds it unlocked and removes it,
   * and before it does so the reader goes on until it has the lease or was told to try again.
   */
  @Test
  @Timeout(60)
  void aLeaseThatIsTakenWhileItIsLookedAtHolds() throws Exception {
    SimDisk disk = SimDisk.of(1);
    CountDownLatch made = new CountDownLatch(1);
    CountDownLatch looked = new CountDownLatch(1);
    CountDownLatch decided = new CountDownLatch(1);
    AtomicInteger locks = new AtomicInteger();
    Disk readers =
        HookedDisk.before(
            disk,
            (method, path) -> {
              if (method.equals("lock") && locks.incrementAndGet() == 1) {
                made.countDown();
                await(looked);
              } else if (method.equals("lock")) {
                decided.countDown(); // refused
              } else if (method.equals("list")) {
                decided.countDown(); // has it and reads
              }
            });
    Disk writers =
        HookedDisk.before(
            disk,
            (method, path) -> {
              if (method.equals("unlink") && path.endsWith(".lease") && looked.getCount() > 0) {
                looked.countDown();
                await(decided);
              }
            });
    try (ExecutorService threads = Executors.newSingleThreadExecutor();
        LogObjectStore store =
            ObjectFixture.open(
                writers, new InlineEngine(), ObjectFixture.DIRECTORY, OpenMode.WRITE, SETTINGS)) {
      put(store, 1);
      put(store, 2);
      Future<LogObjectStore> opening =
          threads.submit(
              () ->
                  ObjectFixture.open(
                      readers,
                      new InlineEngine(),
                      ObjectFixture.DIRECTORY,
                      OpenMode.READ_SNAPSHOT,
                      SETTINGS));
      await(made);
      put(store, 3); // leaves a file to be removed
      store.compact(Progress.NONE);
      try (LogObjectStore snapshot = opening.get()) {
        assertThat(locks.get()).as("locks tried").isPositive();
        for (int version = 4; version < 7; version++) {
          put(store, version);
          store.compact(Progress.NONE);
        }
        assertThat(ObjectFixture.version(snapshot, "small")).isEqualTo(3);
        assertThat(ObjectFixture.version(snapshot, "large")).isEqualTo(3);
      }
    }
  }

  /**
   * The writer has found no lease and removes files; a reader opens meanwhile, and what it found is
   * put again before the writer has removed the last of them.
   */
  @Test
  @Timeout(60)
  void aSnapshotThatOpensWhileFilesAreRemovedKeepsItsOwn() throws Exception {
    SimDisk disk = SimDisk.of(1);
    AtomicReference<LogObjectStore> writer = new AtomicReference<>();
    AtomicReference<Future<LogObjectStore>> opened = new AtomicReference<>();
    try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
      Disk writers =
          HookedDisk.before(
              disk,
              (method, path) -> {
                LogObjectStore store = writer.get();
                boolean removes = method.equals("unlink") && path.toString().contains("objects");
                if (removes && store != null && opened.get() == null) {
                  opened.set(threads.submit(() -> openAndPutAgain(disk, store)));
                  finish(opened.get());
                }
              });
      try (LogObjectStore store =
          ObjectFixture.open(
              writers, new InlineEngine(), ObjectFixture.DIRECTORY, OpenMode.WRITE, SETTINGS)) {
        writer.set(store);
        put(store, 1);
        put(store, 2); // leaves a file, which goes at once
        assertThat(opened.get()).as("a file was removed").isNotNull();
        try (LogObjectStore snapshot = opened.get().get()) {
          assertThat(ObjectFixture.version(snapshot, "large")).isEqualTo(2);
        }
      }
    }
  }

  private static LogObjectStore openAndPutAgain(Disk disk, LogObjectStore store) {
    LogObjectStore snapshot =
        ObjectFixture.open(
            disk, new InlineEngine(), ObjectFixture.DIRECTORY, OpenMode.READ_SNAPSHOT, SETTINGS);
    put(store, 3);
    return snapshot;
  }

  private static void finish(Future<?> future) {
    try {
      future.get(30, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static void put(LogObjectStore store, long version) {
    store.put("small", ObjectFixture.value("small", version, 300), SYNCED);
    store.put("large", ObjectFixture.value("large", version, 9000), SYNCED);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
