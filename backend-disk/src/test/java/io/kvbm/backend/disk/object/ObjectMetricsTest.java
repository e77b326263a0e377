package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.MaintainedStore.Progress;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.disk.io.InlineEngine;
import io.kvbm.testkit.ManualClock;
import io.kvbm.testkit.disk.SimDisk;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;

/** What a sink is told is what happened, and what the statistics say. */
class ObjectMetricsTest {

  private static final PutOptions SYNCED = PutOptions.DEFAULT.withDurability(Durability.SYNCED);

  private final Map<String, Long> counts = new ConcurrentHashMap<>();
  private final SimDisk disk = SimDisk.of(1);
  private final MetricsSink sink =
      new MetricsSink() {
        @Override
        public Counter counter(String name, String... tags) {
          return amount -> counts.merge(name, amount, Long::sum);
        }

        @Override
        public Histogram histogram(String name, String... tags) {
          return value -> counts.merge(name, value, Long::sum);
        }

        @Override
        public void gauge(String name, DoubleSupplier value, String... tags) {}
      };

  private LogObjectStore open() {
    return LogObjectStore.open(
        disk,
        new InlineEngine(),
        ObjectFixture.DIRECTORY,
        OpenMode.WRITE,
        TestSettings.small().cache(64 << 10).build(),
        new Codecs(List.of()),
        new ManualClock(),
        MemoryBudget.UNLIMITED,
        sink);
  }

  private long count(String name) {
    return counts.getOrDefault("kvbm.disk.objects." + name, 0L);
  }

  private static void put(LogObjectStore store, String key, int byteSize) {
    store.put(key, ObjectFixture.value(key, 1, byteSize), SYNCED);
  }

  @Test
  void readsAndWritesAreCounted() {
    try (LogObjectStore store = open()) {
      put(store, "small", 1000);
      put(store, "large", 9000);
      ObjectFixture.version(store, "small");
      ObjectFixture.version(store, "small");
      store.map("large").orElseThrow().close();
      store.delete("large", Durability.SYNCED);
      assertThat(count("puts")).isEqualTo(2);
      assertThat(count("put.bytes")).isEqualTo(10_000);
      assertThat(count("gets")).isEqualTo(3);
      assertThat(count("read.bytes")).isEqualTo(11_000);
      assertThat(count("deletes")).isEqualTo(1);
      assertThat(count("cache.hits")).isEqualTo(1);
      assertThat(count("cache.misses")).isEqualTo(2);
      assertThat(count("groups")).isEqualTo(3);
      assertThat(count("commits")).isEqualTo(3);
      assertThat(count("group.commits")).isEqualTo(3);
      assertThat(count("syncs")).isPositive();
      assertThat(count("written.bytes")).isGreaterThan(10_000);
      assertThat(count("corruptions")).isZero();
      StoreSnapshot statistics = store.statistics();
      assertThat(statistics.puts()).isEqualTo(count("puts"));
      assertThat(statistics.gotBytes()).isEqualTo(count("read.bytes"));
      assertThat(statistics.syncs()).isEqualTo(count("syncs"));
      assertThat(statistics.writtenBytes()).isEqualTo(count("written.bytes"));
    }
  }

  @Test
  void compactionAndCheckpointsAreCounted() {
    try (LogObjectStore store = open()) {
      put(store, "stays", 3000);
      for (int i = 0; i < 30; i++) {
        put(store, "replaced", 5000);
      }
      store.compact(Progress.NONE);
      assertThat(count("compactions")).isPositive();
      assertThat(count("moved.bytes")).isGreaterThan(3000);
      assertThat(count("checkpoints")).isPositive();
      StoreSnapshot statistics = store.statistics();
      assertThat(statistics.compactedSegments()).isEqualTo(count("compactions"));
      assertThat(statistics.movedBytes()).isEqualTo(count("moved.bytes"));
      assertThat(statistics.checkpoints()).isEqualTo(count("checkpoints"));
    }
  }

  @Test
  void damageThatIsReadIsCounted() {
    try (LogObjectStore store = open()) {
      put(store, "large", 9000);
      Path file = disk.list(ObjectFixture.DIRECTORY.resolve("objects")).getFirst();
      byte[] whole = ObjectFixture.bytes(disk, file);
      byte[] flipped = {(byte) (whole[Format.PAGE + 5000] ^ 4)};
      ObjectFixture.write(disk, file, Format.PAGE + 5000, flipped, whole.length);
      assertThatThrownBy(() -> store.getBytes("large")).isInstanceOf(CorruptionException.class);
      assertThatThrownBy(() -> store.map("large")).isInstanceOf(CorruptionException.class);
      assertThat(count("corruptions")).isEqualTo(2);
    }
  }

  @Test
  void storesOfOneSinkAreCountedTogetherAndTheirStatisticsApart() {
    try (LogObjectStore store = open()) {
      put(store, "key", 100);
    }
    try (LogObjectStore store = open()) {
      put(store, "key", 100);
      assertThat(count("puts")).isEqualTo(2);
      assertThat(store.statistics().puts()).isEqualTo(1);
    }
  }
}
