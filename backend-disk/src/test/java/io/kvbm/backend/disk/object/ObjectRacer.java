package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.storage.Region;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.MaintainedStore.Progress;
import io.kvbm.api.store.ObjectBatch;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.PutOptions;
import io.kvbm.testkit.disk.CrashOracle;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * One of several threads on one store. It alone writes {@code one/N}, and {@code pair-a/N} and
 * {@code pair-b/N}, which change together; it reads all.
 */
final class ObjectRacer {

  private static final List<String> KINDS = List.of("one/", "pair-a/", "pair-b/");

  private final LogObjectStore store;
  private final Supplier<LogObjectStore> snapshots;
  private final RaceOracle oracle;
  private final int number;
  private final int racers;
  private final SplittableRandom random;

  ObjectRacer(
      LogObjectStore store,
      Supplier<LogObjectStore> snapshots,
      RaceOracle oracle,
      int number,
      int racers,
      long seed) {
    this.store = store;
    this.snapshots = snapshots;
    this.oracle = oracle;
    this.number = number;
    this.racers = racers;
    this.random = new SplittableRandom(seed);
  }

  void run(int operations) {
    for (int i = 0; i < operations; i++) {
      int choice = random.nextInt(1000);
      if (choice < 300) {
        change("one/" + number);
      } else if (choice < 400) {
        changePair();
      } else if (choice < 750) {
        readWhole(anyKey());
      } else if (choice < 900) {
        readStart(anyKey());
      } else if (choice < 950) {
        list();
      } else if (choice < 980) {
        store.flush();
      } else if (choice < 990) {
        store.compact(Progress.NONE);
      } else {
        openSnapshot();
      }
    }
  }

  private String anyKey() {
    return KINDS.get(random.nextInt(KINDS.size())) + random.nextInt(racers);
  }

  private PutOptions options() {
    return PutOptions.DEFAULT.withDurability(durability());
  }

  private Durability durability() {
    return random.nextInt(8) == 0 ? Durability.SYNCED : Durability.WRITTEN;
  }

  /** {@return how long a version is: most fit the log, some get a file} */
  private static int byteSize(String key, long version) {
    SplittableRandom sizes = new SplittableRandom(version * 31 + key.hashCode());
    return sizes.nextInt(8) == 0
        ? TestSettings.FILE + sizes.nextInt(9000)
        : Long.BYTES + sizes.nextInt(4000);
  }

  private static MemorySegment value(String key, long version) {
    return ObjectFixture.value(key, version, byteSize(key, version));
  }

  private void change(String key) {
    long version = oracle.next(key);
    if (RaceOracle.isDelete(version)) {
      assertThat(store.delete(key, durability())).as("%s was there", key).isTrue();
    } else if (random.nextInt(4) == 0) {
      stream(key, value(key, version));
    } else {
      store.put(key, value(key, version), options());
    }
    oracle.acknowledged(key, version);
  }

  private void stream(String key, MemorySegment value) {
    try (ObjectWriter writer = store.writer(key, options())) {
      long half = value.byteSize() / 2;
      writer.write(value.asSlice(0, half));
      writer.write(value.asSlice(half));
      writer.commit();
    }
  }

  private void changePair() {
    List<String> pair = List.of("pair-a/" + number, "pair-b/" + number);
    ObjectBatch batch = new ObjectBatch();
    PutOptions options = options();
    long version = 0;
    for (String key : pair) {
      version = oracle.next(key);
      if (RaceOracle.isDelete(version)) {
        batch.delete(key);
      } else {
        batch.put(key, value(key, version), options);
      }
    }
    store.apply(batch);
    for (String key : pair) {
      oracle.acknowledged(key, version);
    }
  }

  private void readWhole(String key) {
    long least = oracle.least(key);
    oracle.found(key, least, version(store, key));
  }

  private static long version(LogObjectStore from, String key) {
    Optional<byte[]> bytes = from.getBytes(key);
    if (bytes.isEmpty()) {
      return CrashOracle.ABSENT;
    }
    long version = ObjectFixture.version(key, MemorySegment.ofArray(bytes.get()));
    assertThat(bytes.get().length)
        .as("length of %s, version %d", key, version)
        .isEqualTo(byteSize(key, version));
    return version;
  }

  private void readStart(String key) {
    MemorySegment target = MemorySegment.ofArray(new byte[Long.BYTES + random.nextInt(9000)]);
    long least = oracle.least(key);
    Optional<Long> count = store.getRange(key, 0, new Region.HostRegion(target));
    if (count.isEmpty()) {
      oracle.found(key, least, CrashOracle.ABSENT);
      return;
    }
    long version = ObjectFixture.version(key, target.asSlice(0, count.get()));
    assertThat(count.get())
        .as("bytes read of %s, version %d", key, version)
        .isEqualTo(Math.min(byteSize(key, version), target.byteSize()));
    oracle.found(key, least, version);
  }

  /** A list shows one moment: both of a pair or none. */
  private void list() {
    List<String> keys = new ArrayList<>();
    for (ObjectStat stat : store.list("pair-", "", 2 * racers)) {
      keys.add(stat.key());
    }
    assertThat(keys).isSorted().doesNotHaveDuplicates();
    for (int i = 0; i < racers; i++) {
      assertThat(keys.contains("pair-a/" + i))
          .as("both or none of pair %d in %s", i, keys)
          .isEqualTo(keys.contains("pair-b/" + i));
    }
  }

  private void openSnapshot() {
    Map<String, Long> least = new HashMap<>();
    for (int i = 0; i < racers; i++) {
      for (String kind : KINDS) {
        least.put(kind + i, oracle.least(kind + i));
      }
    }
    try (LogObjectStore snapshot = snapshots.get()) {
      Map<String, Long> most = new HashMap<>();
      least.keySet().forEach(key -> most.put(key, oracle.most(key)));
      Map<String, Long> found = new HashMap<>();
      least.keySet().forEach(key -> found.put(key, version(snapshot, key)));
      least.forEach(
          (key, version) -> oracle.requirePossible(key, version, found.get(key), most.get(key)));
      for (int i = 0; i < racers; i++) {
        assertThat(found.get("pair-a/" + i))
            .as("pair %d in a snapshot", i)
            .isEqualTo(found.get("pair-b/" + i));
      }
      store.compact(Progress.NONE);
      for (int i = 0; i < 5; i++) {
        readWhole(anyKey());
        change("one/" + number);
      }
      found.forEach(
          (key, version) ->
              assertThat(version(snapshot, key)).as("%s in a snapshot", key).isEqualTo(version));
      oracle.countSnapshot();
    }
  }
}
