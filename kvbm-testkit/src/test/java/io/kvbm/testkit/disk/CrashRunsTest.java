package io.kvbm.testkit.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** The crash harness on the smallest store: one file for each key, written beside and renamed. */
class CrashRunsTest {

  private enum Omission {
    NOTHING,
    SYNC,
    DIRECTORY_SYNC,
    RENAME
  }

  @Test
  void aSoundStoreSurvivesEverySeedAndEveryPhaseIsCrashedIn() {
    CrashReport report =
        CrashRuns.of("files").share(0.1).run(_ -> new FilesStory(Omission.NOTHING));
    System.out.println(report);
    for (CrashPhase phase :
        EnumSet.of(CrashPhase.WRITE, CrashPhase.SYNC, CrashPhase.RENAME, CrashPhase.RECOVERY)) {
      assertThat(report.crashes(phase)).as("cuts in %s", phase).isGreaterThan(50);
    }
    assertThat(report.toString())
        .startsWith("files: ")
        .contains(" seeds from ", "0 violations", "write ", " ms of CPU a seed");
  }

  @Test
  void whatIsLeftOutIsFound() {
    for (Omission omission : EnumSet.complementOf(EnumSet.of(Omission.NOTHING))) {
      assertThatThrownBy(() -> CrashRuns.of("files").run(_ -> new FilesStory(omission)))
          .as("%s left out", omission)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("files, seed ")
          .hasMessageContaining("-Dkvbm.seed.from=");
    }
  }

  @Test
  void theSameSeedTellsTheSameStory() {
    for (long seed = 0; seed < 20; seed++) {
      SimDisk one = CrashRuns.of("files").runSeed(seed, new FilesStory(Omission.NOTHING));
      SimDisk other = CrashRuns.of("files").runSeed(seed, new FilesStory(Omission.NOTHING));
      assertThat(one.calls()).isEqualTo(other.calls());
      for (CrashPhase phase : CrashPhase.values()) {
        assertThat(one.crashes(phase)).isEqualTo(other.crashes(phase));
      }
    }
  }

  @Test
  void severalThreadsTellTheSameStoriesAndNameTheLowestSeedThatFails() {
    CrashRuns runs = CrashRuns.of("files");
    CrashReport one =
        new CrashTally(runs, "files", 5, 60).run(_ -> new FilesStory(Omission.NOTHING), 1);
    CrashReport three =
        new CrashTally(runs, "files", 5, 60).run(_ -> new FilesStory(Omission.NOTHING), 3);
    assertThat(three.crashes()).isEqualTo(one.crashes());
    assertThat(three.seeds()).isEqualTo(60);
    assertThat(three.cpuSeconds()).isPositive();

    String lowest = catchThrowable(() -> failing(runs, 1)).getMessage();
    assertThat(lowest).contains("files, seed ");
    for (int i = 0; i < 5; i++) {
      assertThat(catchThrowable(() -> failing(runs, 4))).hasMessage(lowest);
    }
  }

  private static CrashReport failing(CrashRuns runs, int threads) {
    return new CrashTally(runs, "files", 0, 1000).run(_ -> new FilesStory(Omission.SYNC), threads);
  }

  @Test
  void reportsAddUp() {
    CrashReport one =
        new CrashReport("one", 7, 10, Map.of(CrashPhase.WRITE, 3L, CrashPhase.SYNC, 1L), 2, 1);
    CrashReport sum =
        one.plus("both", new CrashReport("other", 3, 30, Map.of(CrashPhase.WRITE, 4L), 4, 3));
    assertThat(sum.crashes(CrashPhase.WRITE)).isEqualTo(7);
    assertThat(sum.crashes(CrashPhase.SYNC)).isEqualTo(1);
    assertThat(sum)
        .hasToString(
            "both: 40 seeds from 3 on, 0 violations, power cuts: write 7, sync 1, rename 0,"
                + " allocate 0, read 0, idle 0, recovery 0; 6.0 s, 100.00 ms of CPU a seed");
  }

  private static final class FilesStory implements CrashStory {
    private static final Path DIRECTORY = Path.of("/files");
    private static final Set<OpenOption> MAKE =
        EnumSet.of(OpenOption.READ, OpenOption.WRITE, OpenOption.CREATE, OpenOption.TRUNCATE);

    private final CrashOracle<Integer> oracle = new CrashOracle<>();
    private final Omission omission;
    private SimDisk disk = SimDisk.of(0);
    private long version;

    FilesStory(Omission omission) {
      this.omission = omission;
    }

    @Override
    public void open(SimDisk found) {
      disk = found;
      disk.createDirectories(DIRECTORY);
      disk.syncDirectory(Path.of("/"));
      disk.syncDirectory(DIRECTORY);
      for (int key = 0; key < 8; key++) {
        oracle.assertRecovered(key, read(key));
      }
      oracle.settles(this::read);
    }

    @Override
    public void work(SplittableRandom random, int operations) {
      for (int i = 0; i < operations; i++) {
        int key = random.nextInt(8);
        if (random.nextInt(3) > 0) {
          CrashOracle.Ticket ticket = oracle.tries(key, ++version);
          write(key, version);
          oracle.acknowledged(ticket, true);
        } else {
          oracle.assertRead(key, read(key));
        }
      }
    }

    @Override
    public void abandon() {}

    @Override
    public void close() {}

    private static Path path(int key) {
      return DIRECTORY.resolve("key-" + key);
    }

    private void write(int key, long value) {
      Path temporary = DIRECTORY.resolve("temporary");
      Path first = omission == Omission.RENAME ? path(key) : temporary;
      try (DiskFile file = disk.open(first, MAKE);
          Arena arena = Arena.ofConfined()) {
        MemorySegment bytes = arena.allocate(1000);
        bytes.set(ValueLayout.JAVA_LONG, 0, value);
        bytes.set(ValueLayout.JAVA_LONG, 8, crc(value));
        file.writeFully(0, bytes);
        if (omission != Omission.SYNC) {
          file.sync(false);
        }
      }
      if (omission != Omission.RENAME) {
        disk.rename(temporary, path(key));
      }
      if (omission != Omission.DIRECTORY_SYNC) {
        disk.syncDirectory(DIRECTORY);
      }
    }

    private long read(int key) {
      if (!disk.exists(path(key))) {
        return CrashOracle.ABSENT;
      }
      try (DiskFile file = disk.open(path(key), EnumSet.of(OpenOption.READ));
          Arena arena = Arena.ofConfined()) {
        if (file.byteSize() < 16) {
          return -1;
        }
        MemorySegment bytes = arena.allocate(16);
        file.readFully(0, bytes);
        long value = bytes.get(ValueLayout.JAVA_LONG, 0);
        return bytes.get(ValueLayout.JAVA_LONG, 8) == crc(value) ? value : -1;
      }
    }

    private static long crc(long value) {
      CRC32C crc = new CRC32C();
      for (int i = 0; i < Long.SIZE; i += Byte.SIZE) {
        crc.update((int) (value >>> i));
      }
      return crc.getValue();
    }
  }
}
