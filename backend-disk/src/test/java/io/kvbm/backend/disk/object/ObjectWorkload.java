package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.KvbmException;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.MaintainedStore.Progress;
import io.kvbm.api.store.ObjectBatch;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.PutOptions;
import io.kvbm.testkit.disk.CrashOracle;
import io.kvbm.testkit.disk.SimDisk;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A short life of a store with one operation of each kind, that goes on when one fails and knows
 * what may be read at any time.
 */
final class ObjectWorkload {

  private static final int KEYS = 7;
  private static final int SMALL = 300;
  private static final int LARGE = 9000;

  private final StoreSettings settings;
  private final CrashOracle<String> oracle = new CrashOracle<>();
  private long nextVersion = 1;
  private @Nullable LogObjectStore store;

  ObjectWorkload(StoreSettings settings) {
    this.settings = settings;
  }

  /** Lives from the first opening to the second closing, or until an opening fails. */
  void run(SimDisk disk) {
    if (open(disk)) {
      live();
      close();
    }
    if (open(disk)) {
      readAll();
      put(0, SMALL, Durability.SYNCED);
      put(1, LARGE, Durability.WRITTEN);
      readAll();
      close();
    }
  }

  private void live() {
    put(0, SMALL, Durability.SYNCED);
    put(1, LARGE, Durability.SYNCED);
    batch(Durability.SYNCED, SMALL);
    batch(Durability.WRITTEN, LARGE);
    stream(4, SMALL, Durability.WRITTEN);
    stream(5, 2 * LARGE, Durability.SYNCED);
    readAll();
    delete(0, Durability.SYNCED);
    delete(1, Durability.NONE);
    for (int i = 0; i < 8; i++) { // into the next segments
      put(6, 5000, i % 4 == 0 ? Durability.SYNCED : Durability.NONE);
    }
    attempt(() -> store().flush(), oracle::synced);
    readAll();
    put(0, SMALL, Durability.WRITTEN);
    attempt(() -> store().compact(Progress.NONE), () -> {});
    readAll();
    put(1, LARGE, Durability.SYNCED);
  }

  private LogObjectStore store() {
    return Objects.requireNonNull(store);
  }

  private boolean open(SimDisk disk) {
    try {
      store = ObjectFixture.open(disk, settings);
      return true;
    } catch (CorruptionException e) {
      throw new AssertionError("an honest disk shows no damage", e);
    } catch (KvbmException e) {
      requireTyped(e);
      store = null;
      return false;
    }
  }

  private void close() {
    attempt(() -> store().close(), oracle::synced);
    store = null;
  }

  private static void requireTyped(KvbmException e) {
    assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
  }

  /** What was tried and failed happened or not; what was refused did not. */
  private void attempt(Runnable operation, Runnable succeeded) {
    try {
      operation.run();
    } catch (CorruptionException e) {
      throw new AssertionError("an honest disk shows no damage", e);
    } catch (KvbmException e) {
      requireTyped(e);
      return;
    }
    succeeded.run();
  }

  private void change(Map<String, Long> versions, Durability durability, Runnable operation) {
    CrashOracle.Ticket ticket = oracle.tries(versions);
    try {
      operation.run();
      oracle.acknowledged(ticket, durability == Durability.SYNCED);
    } catch (CorruptionException e) {
      throw new AssertionError("an honest disk shows no damage", e);
    } catch (CallerException | CapacityException e) {
      requireTyped(e);
      oracle.refused(ticket);
    } catch (KvbmException e) {
      requireTyped(e);
    }
    versions.keySet().forEach(this::read);
  }

  private static String key(int number) {
    return "key-" + number;
  }

  private static PutOptions options(Durability durability) {
    return PutOptions.DEFAULT.withDurability(durability);
  }

  void put(int number, int byteSize, Durability durability) {
    long version = nextVersion++;
    String key = key(number);
    MemorySegment value = ObjectFixture.value(key, version, byteSize);
    change(Map.of(key, version), durability, () -> store().put(key, value, options(durability)));
  }

  private void stream(int number, int byteSize, Durability durability) {
    long version = nextVersion++;
    String key = key(number);
    MemorySegment value = ObjectFixture.value(key, version, byteSize);
    change(
        Map.of(key, version),
        durability,
        () -> {
          try (ObjectWriter writer = store().writer(key, options(durability))) {
            for (long at = 0; at < byteSize; at += 1000) {
              writer.write(value.asSlice(at, Math.min(1000, byteSize - at)));
            }
            writer.commit();
          }
        });
  }

  private void delete(int number, Durability durability) {
    change(
        Map.of(key(number), CrashOracle.ABSENT),
        durability,
        () -> store().delete(key(number), durability));
  }

  private void batch(Durability durability, int byteSize) {
    ObjectBatch batch = new ObjectBatch();
    Map<String, Long> versions = new HashMap<>();
    for (int number = 2; number < 4; number++) {
      long version = nextVersion++;
      String key = key(number);
      batch.put(key, ObjectFixture.value(key, version, byteSize), options(durability));
      versions.put(key, version);
    }
    batch.delete(key(0));
    versions.put(key(0), CrashOracle.ABSENT);
    change(versions, durability, () -> store().apply(batch));
  }

  private void readAll() {
    for (int number = 0; number < KEYS; number++) {
      read(key(number));
    }
  }

  private void read(String key) {
    long found;
    try {
      found = ObjectFixture.version(store(), key);
    } catch (CorruptionException e) {
      throw new AssertionError("an honest disk shows no damage", e);
    } catch (KvbmException e) {
      requireTyped(e);
      return;
    }
    oracle.assertRead(key, found);
  }

  /** Ends as the death of the process does. */
  void abandon() {
    if (store != null) {
      store.abandon();
      store = null;
    }
  }

  /** Opens on a disk that works again: all that was durable is there, and new changes are kept. */
  void requireRecovered(SimDisk disk) {
    store = ObjectFixture.open(disk, settings);
    oracle.assertPrefix(key -> ObjectFixture.version(store(), key));
    oracle.settles(key -> ObjectFixture.version(store(), key));
    put(0, SMALL, Durability.SYNCED);
    put(1, LARGE, Durability.SYNCED);
    store().compact(Progress.NONE);
    readAll();
    store().close();
    store = ObjectFixture.open(disk, settings);
    for (int number = 0; number < KEYS; number++) {
      oracle.assertRead(key(number), ObjectFixture.version(store(), key(number)));
    }
    store().close();
    store = null;
  }
}
