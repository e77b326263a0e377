package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.disk.Disk;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.store.OpenMode;
import io.kvbm.backend.disk.FileDisk;
import io.kvbm.backend.disk.io.EngineSettings;
import io.kvbm.backend.disk.io.EngineType;
import io.kvbm.backend.disk.io.Engines;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.IoEngines;
import io.kvbm.testkit.disk.CrashRuns;
import io.kvbm.testkit.disk.SimDisk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Threads that change and read few keys at the same time, while the log is rewritten and snapshots
 * are opened: no read is torn, wrong, or older than what was known before it began. {@code
 * kvbm.seed.from} names the run.
 */
class ObjectRaceTest {

  private static final int THREADS = 8;
  private static final long SEED = Long.getLong(CrashRuns.SEED_FROM, System.nanoTime());

  @TempDir private Path directory;

  @Test
  @Timeout(120)
  void noReadIsTornOrOldOnFiles() throws Exception {
    raceOnFiles(200);
  }

  @Test
  @Timeout(120)
  void noReadIsTornOrOldOnASimulatedDisk() throws Exception {
    raceSimulated(600);
  }

  @Test
  @Tag("stress")
  @Timeout(600)
  void noReadIsTornOrOldForLong() throws Exception {
    raceOnFiles(6_000);
    raceSimulated(6_000);
  }

  private void raceOnFiles(int operations) throws Exception {
    try (FileDisk disk = new FileDisk();
        IoEngine engine =
            IoEngines.choose(disk, directory, EngineType.AUTO)
                .open(new EngineSettings(EngineType.AUTO, 16, 1, 1), MetricsSink.NULL)) {
      race(disk, engine, directory.resolve("store"), operations);
    }
  }

  private static void raceSimulated(int operations) throws Exception {
    try (IoEngine engine = Engines.threads(EngineType.BUFFERED, 16)) {
      race(SimDisk.of(SEED), engine, ObjectFixture.DIRECTORY, operations);
    }
  }

  private static void race(Disk disk, IoEngine engine, Path place, int operations)
      throws Exception {
    System.out.println("object race on " + disk.name() + " of seed " + SEED);
    StoreSettings settings = TestSettings.small().maxOpenFiles(3 * THREADS).cache(64 << 10).build();
    disk.createDirectories(place);
    RaceOracle oracle = new RaceOracle();
    try (LogObjectStore store = ObjectFixture.open(disk, engine, place, OpenMode.WRITE, settings);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      List<Future<?>> racers = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        ObjectRacer racer =
            new ObjectRacer(
                store,
                () -> ObjectFixture.open(disk, engine, place, OpenMode.READ_SNAPSHOT, settings),
                oracle,
                i,
                THREADS,
                SEED + i);
        racers.add(threads.submit(() -> racer.run(operations)));
      }
      for (Future<?> racer : racers) {
        racer.get();
      }
      oracle.requireNewest(store);
    }
    try (LogObjectStore store = ObjectFixture.open(disk, engine, place, OpenMode.WRITE, settings)) {
      oracle.requireNewest(store);
    }
    System.out.println("raced: " + oracle.counts());
    assertThat(oracle.reads()).isPositive();
  }
}
