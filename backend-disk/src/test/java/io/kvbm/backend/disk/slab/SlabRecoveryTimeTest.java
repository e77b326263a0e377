package io.kvbm.backend.disk.slab;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.RecoveryReport;
import io.kvbm.backend.disk.FileDisk;
import io.kvbm.backend.disk.io.EngineType;
import io.kvbm.backend.disk.io.Engines;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.testkit.RecordingCompletion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * How long it takes to find a million blocks: every header read and checked after a crash, and from
 * the snapshot after a clean close. Needs 8 GiB in {@code kvbm.test.dir}, or /var/tmp.
 */
@Tag("slow")
class SlabRecoveryTimeTest {

  private static final int SLOTS = Integer.getInteger("kvbm.slots", 1_000_000);
  private static final int BATCH = 256;
  private static final int BYTE_SIZE = 4096;
  private static final double LIMIT_SECONDS = 10;

  @Test
  void aMillionBlocksAreFoundInUnderTenSeconds() throws Exception {
    Path parent = Path.of(System.getProperty("kvbm.test.dir", "/var/tmp"));
    Path directory = Files.createTempDirectory(parent, "kvbm-recovery-");
    try (IoEngine engine = Engines.threads(EngineType.DIRECT, 32);
        FileDisk disk = new FileDisk()) {
      SlabEnvironment environment =
          new SlabEnvironment(
              disk,
              engine,
              Clock.SYSTEM,
              Runnable::run,
              MemoryBudget.UNLIMITED,
              MetricsSink.NULL,
              System.getLogger("recovery"),
              new SplittableRandom(1));
      SlabSettings settings = SlabSettings.in(directory);
      SlabStore written = open(environment, settings);
      written.recover(_ -> {});
      fill(written);
      written.abandon();
      assertThat(seconds("all headers", environment, settings)).isLessThan(LIMIT_SECONDS);
      assertThat(seconds("snapshot", environment, settings)).isLessThan(LIMIT_SECONDS);
    } finally {
      removeAll(directory);
    }
  }

  private static SlabStore open(SlabEnvironment environment, SlabSettings settings) {
    return SlabStore.open(environment, settings, new BlockStoreFactory.Spec(SLOTS, BYTE_SIZE, 1));
  }

  private static double seconds(String way, SlabEnvironment environment, SlabSettings settings) {
    long start = System.nanoTime();
    SlabStore store = open(environment, settings);
    RecoveryReport report = store.recover(_ -> {});
    double seconds = (System.nanoTime() - start) * 1e-9;
    System.out.printf(
        "%d slots from %s, direct %b: opened and recovered in %.2f s%n",
        report.recovered(), way, store.isDirect(), seconds);
    assertThat(report.recovered()).isEqualTo(SLOTS);
    store.close();
    return seconds;
  }

  private static void fill(SlabStore store) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment bytes = arena.allocate(BYTE_SIZE);
      for (int from = 0; from < SLOTS; from += BATCH) {
        List<BlockWrite> writes = new ArrayList<>();
        for (int slot = from; slot < Math.min(SLOTS, from + BATCH); slot++) {
          writes.add(
              new BlockWrite(slot, SlabFixture.key(slot), null, 1, 0, SlabFixture.regions(bytes)));
        }
        RecordingCompletion completion = new RecordingCompletion(writes.size());
        store.write(writes, completion);
        completion.awaitDone();
      }
    }
  }

  private static void removeAll(Path directory) throws Exception {
    Path blocks = directory.resolve(SlabSettings.DIRECTORY);
    try (var files = Files.list(blocks)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(blocks);
    Files.delete(directory);
  }
}
