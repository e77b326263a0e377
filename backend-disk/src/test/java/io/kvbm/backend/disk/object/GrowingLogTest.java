package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.disk.Disk;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.disk.io.InlineEngine;
import io.kvbm.testkit.disk.SimDisk;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** A snapshot is opened while a writer goes on. */
class GrowingLogTest {

  private static final PutOptions SYNCED = PutOptions.DEFAULT.withDurability(Durability.SYNCED);
  private static final StoreSettings SETTINGS = TestSettings.small().build();

  /**
   * The writer goes on in other files whenever the snapshot asks which files there are: what was
   * durable in them by then is no sign that what the snapshot had read before is damaged.
   */
  @Test
  void aLogThatGrowsWhileASnapshotIsOpenedIsNotDamaged() {
    SimDisk disk = SimDisk.of(1);
    try (LogObjectStore store = ObjectFixture.open(disk, SETTINGS)) {
      AtomicLong version = new AtomicLong();
      put(store, version);
      Disk growing =
          HookedDisk.before(
              disk,
              (method, path) -> {
                for (int i = 0; method.equals("list") && i < 20; i++) {
                  put(store, version);
                }
              });
      long least = version.get();
      try (LogObjectStore snapshot =
          ObjectFixture.open(
              growing,
              new InlineEngine(),
              ObjectFixture.DIRECTORY,
              OpenMode.READ_SNAPSHOT,
              SETTINGS)) {
        long found = ObjectFixture.version(snapshot, "key");
        assertThat(found).isBetween(least, version.get());
        put(store, version);
        assertThat(ObjectFixture.version(snapshot, "key")).isEqualTo(found);
      }
      assertThat(version.get()).as("versions written").isGreaterThan(least + 20);
    }
  }

  private static void put(LogObjectStore store, AtomicLong version) {
    store.put("key", ObjectFixture.value("key", version.incrementAndGet(), 5000), SYNCED);
  }
}
