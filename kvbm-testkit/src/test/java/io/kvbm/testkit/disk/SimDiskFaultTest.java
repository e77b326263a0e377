package io.kvbm.testkit.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.BackendException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What can be made to happen to a simulated disk: cuts, faults that stay, stalls, lost ways. */
class SimDiskFaultTest {

  private static final Path DIRECTORY = Path.of("/data");
  private static final Path FILE = DIRECTORY.resolve("file");
  private static final Set<OpenOption> MAKE =
      EnumSet.of(OpenOption.READ, OpenOption.WRITE, OpenOption.CREATE);
  private static final int SECTOR = 512;
  private static final int SEEDS = 400;

  @Test
  void aTornSectorIsOldNewPartZeroOrGarbageAndTakesItsDurableNeighboursAlong() {
    Set<String> seen = new HashSet<>();
    for (long seed = 0; seed < SEEDS; seed++) {
      SimDisk disk = SimDisk.builder(seed).tornSectors().build();
      makeDurable(disk, FILE, 3 * SECTOR);
      try (DiskFile file = disk.open(FILE, MAKE)) {
        write(file, SECTOR + 100, 'n', 300);
      }
      disk.powerCut();
      byte[] bytes = content(disk.reboot(), FILE);
      assertThat(Arrays.copyOf(bytes, SECTOR)).as("seed %d", seed).containsOnly('o');
      assertThat(Arrays.copyOfRange(bytes, 2 * SECTOR, 3 * SECTOR))
          .as("seed %d", seed)
          .containsOnly('o');
      seen.add(kind(Arrays.copyOfRange(bytes, SECTOR, 2 * SECTOR)));
    }
    assertThat(seen).containsExactlyInAnyOrder("old", "new", "part", "zero", "garbage");
  }

  private static String kind(byte[] sector) {
    String text = new String(sector, java.nio.charset.StandardCharsets.ISO_8859_1);
    if (text.matches("\0+")) {
      return "zero";
    }
    if (text.matches("o{512}")) {
      return "old";
    }
    if (text.matches("o{100}n{300}o{112}")) {
      return "new";
    }
    return text.matches("o{100}n+o+") ? "part" : "garbage";
  }

  @Test
  void ofTwoWritesAnyMaySurviveWithoutTheOther() {
    Set<String> seen = new HashSet<>();
    for (long seed = 0; seed < SEEDS; seed++) {
      SimDisk disk = SimDisk.of(seed);
      makeDurable(disk, FILE, 8192);
      Path other = DIRECTORY.resolve("other");
      makeDurable(disk, other, 8192);
      try (DiskFile file = disk.open(FILE, MAKE);
          DiskFile second = disk.open(other, MAKE)) {
        write(file, 0, 'a', SECTOR);
        write(file, 4096, 'b', SECTOR);
        write(second, 0, 'c', SECTOR);
      }
      disk.powerCut();
      SimDisk after = disk.reboot();
      byte[] bytes = content(after, FILE);
      seen.add("" + (char) bytes[0] + (char) bytes[4096] + (char) content(after, other)[0]);
    }
    assertThat(seen)
        .containsExactlyInAnyOrder("ooo", "aoo", "obo", "ooc", "abo", "aoc", "obc", "abc");
  }

  @Test
  void ofTwoNamesAnyMaySurviveWithoutTheOther() {
    Set<String> seen = new HashSet<>();
    for (long seed = 0; seed < 100; seed++) {
      SimDisk disk = SimDisk.of(seed);
      makeDurable(disk, FILE, 10);
      Path made = DIRECTORY.resolve("made");
      disk.open(made, MAKE).close();
      disk.unlink(FILE);
      disk.powerCut();
      SimDisk after = disk.reboot();
      seen.add(after.exists(FILE) + "," + after.exists(made));
    }
    assertThat(seen).hasSize(4);
  }

  @Test
  void faultsStayUntilRepaired() {
    SimDisk disk = SimDisk.of(1);
    makeDurable(disk, FILE, 10);
    try (DiskFile file = disk.open(FILE, MAKE)) {
      disk.failFrom(disk.calls() + 2, SimFault.EIO);
      write(file, 0, 'a', 10);
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> write(file, 0, 'b', 10)).isInstanceOf(BackendException.class);
      }
      disk.repair();
      write(file, 0, 'c', 10);
    }
    assertThat(content(disk, FILE)).containsOnly('c');
  }

  @Test
  void aDiskThatStaysFullRefusesOnlyWhatTakesSpace() {
    SimDisk disk = SimDisk.of(1);
    makeDurable(disk, FILE, 10);
    disk.failFrom(disk.calls() + 1, SimFault.ENOSPC);
    try (DiskFile file = disk.open(FILE, MAKE)) {
      assertThatThrownBy(() -> write(file, 0, 'b', 10)).isInstanceOf(CapacityException.class);
      assertThatThrownBy(() -> file.allocate(0, 10)).isInstanceOf(CapacityException.class);
      file.sync(true);
    }
    assertThat(content(disk, FILE)).containsOnly('o');
    disk.unlink(FILE);
  }

  @Test
  void aShortCallMovesAPart() {
    SimDisk disk = SimDisk.of(1);
    makeDurable(disk, FILE, 1000);
    try (DiskFile file = disk.open(FILE, MAKE);
        Arena arena = Arena.ofConfined()) {
      disk.shortenAt(disk.calls() + 1);
      assertThat(file.read(0, arena.allocate(1000))).isBetween(1, 999);
      disk.shortenAt(disk.calls() + 1);
      assertThat(file.write(0, arena.allocate(1000))).isBetween(1, 999);
      assertThat(file.write(0, arena.allocate(1000))).isEqualTo(1000);
      disk.shortenFrom(disk.calls() + 1);
      assertThat(file.write(0, arena.allocate(1000))).isBetween(1, 999);
      assertThat(file.read(0, arena.allocate(1000))).isBetween(1, 999);
      file.readFully(0, arena.allocate(1000));
    }
  }

  @Test
  void thePowerIsCutInTheCallThatWasNamed() {
    Set<Character> seen = new HashSet<>();
    for (long seed = 0; seed < 100; seed++) {
      SimDisk disk = SimDisk.of(seed);
      makeDurable(disk, FILE, SECTOR);
      disk.cutAt(disk.calls() + 2);
      try (DiskFile file = disk.open(FILE, MAKE)) {
        assertThatThrownBy(() -> write(file, 0, 'n', SECTOR))
            .isInstanceOf(BackendException.class)
            .hasMessageContaining("is off");
      }
      assertThat(disk.isOff()).isTrue();
      assertThat(disk.crashes(CrashPhase.WRITE)).isEqualTo(1);
      SimDisk after = disk.reboot();
      seen.add((char) content(after, FILE)[0]);
      after.powerCut();
      assertThat(after.crashes(CrashPhase.WRITE)).isEqualTo(1);
      assertThat(after.crashes(CrashPhase.IDLE)).isEqualTo(1);
    }
    assertThat(seen).containsExactlyInAnyOrder('o', 'n');
  }

  @Test
  void thePowerIsCutInTheCallOfAPhase() {
    SimDisk disk = SimDisk.of(1);
    makeDurable(disk, FILE, SECTOR);
    disk.cutAt(CrashPhase.SYNC, 2);
    try (DiskFile file = disk.open(FILE, MAKE)) {
      file.sync(false);
      write(file, 0, 'n', 10);
      assertThatThrownBy(() -> file.sync(false)).isInstanceOf(BackendException.class);
    }
    assertThat(disk.crashes(CrashPhase.SYNC)).isEqualTo(1);
    SimDisk after = disk.reboot();
    after.recovering(true);
    after.cutAt(CrashPhase.RECOVERY, 1);
    assertThatThrownBy(() -> after.open(FILE, MAKE)).isInstanceOf(BackendException.class);
    assertThat(after.crashes(CrashPhase.RECOVERY)).isEqualTo(1);
    assertThat(after.crashes(CrashPhase.RENAME)).isZero();
  }

  @Test
  void aCutIsNotLostWhereItsCallIsRefused() {
    for (long seed = 0; seed < 20; seed++) {
      SimDisk disk = SimDisk.of(seed);
      disk.createDirectories(DIRECTORY);
      disk.cutAt(disk.calls() + 1);
      assertThatThrownBy(() -> disk.unlink(FILE)).isInstanceOf(RuntimeException.class);
      assertThatThrownBy(() -> disk.open(FILE, MAKE)).isInstanceOf(BackendException.class);
      assertThat(disk.crashes(CrashPhase.RENAME)).isEqualTo(1);
    }
  }

  @Test
  @Timeout(20)
  void aStalledCallWaitsForItsReleaseAndLetsOthersPass() throws Exception {
    SimDisk disk = SimDisk.of(1);
    makeDurable(disk, FILE, 1);
    try (DiskFile file = disk.open(FILE, MAKE)) {
      disk.stallAt(disk.calls() + 1);
      var writing = CompletableFuture.runAsync(() -> write(file, 0, 'n', 1));
      while (disk.stalled() == 0) {
        Thread.sleep(1);
      }
      assertThat(content(disk, FILE)).containsOnly('o');
      assertThat(writing).isNotDone();
      disk.release();
      writing.get(10, TimeUnit.SECONDS);
      assertThat(content(disk, FILE)).containsOnly('n');
      assertThat(disk.stalled()).isZero();
      disk.stallAt(disk.calls() + 1);
      var cut = CompletableFuture.runAsync(() -> write(file, 0, 'm', 1));
      while (disk.stalled() == 0) {
        Thread.sleep(1);
      }
      disk.powerCut();
      assertThatThrownBy(() -> cut.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(BackendException.class);
    }
  }

  @Test
  void atMostOneWriteIsMisdirected() {
    int lost = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      SimDisk disk = SimDisk.builder(seed).misdirectedWrites(0.3).build();
      disk.createDirectories(DIRECTORY);
      byte[] expected = new byte[16 * SECTOR];
      int wrong = 0;
      try (DiskFile file = disk.open(FILE, MAKE)) {
        file.allocate(0, expected.length);
        for (int i = 0; i < 16; i++) {
          write(file, i * SECTOR, (char) ('a' + i), SECTOR);
          Arrays.fill(expected, i * SECTOR, (i + 1) * SECTOR, (byte) ('a' + i));
        }
      }
      byte[] found = content(disk, FILE);
      for (int i = 0; i < 16; i++) {
        wrong += found[i * SECTOR] == expected[i * SECTOR] ? 0 : 1;
      }
      assertThat(wrong).as("seed %d", seed).isLessThanOrEqualTo(2);
      assertThat(disk.misdirected()).as("seed %d", seed).isLessThanOrEqualTo(1);
      lost += wrong > 0 ? 1 : 0;
    }
    assertThat(lost).isGreaterThan(SEEDS / 4);
  }

  @Test
  void atMostOneReadIsMisdirected() {
    int wrong = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      SimDisk disk = SimDisk.builder(seed).misdirectedReads(0.2).build();
      disk.createDirectories(DIRECTORY);
      try (DiskFile file = disk.open(FILE, MAKE)) {
        write(file, 0, 'a', SECTOR);
        write(file, SECTOR, 'b', SECTOR);
        int ofThisDisk = 0;
        for (int i = 0; i < 10; i++) {
          ofThisDisk += read(file, 0, SECTOR)[0] == 'a' ? 0 : 1;
        }
        assertThat(ofThisDisk).isLessThanOrEqualTo(1);
        wrong += ofThisDisk;
      }
    }
    assertThat(wrong).isGreaterThan(SEEDS / 5);
  }

  @Test
  void whatIsMisdirectedInPagesIsWholePages() {
    int wrong = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      SimDisk disk =
          SimDisk.builder(seed).misdirectedReads(0.5).misdirectedUnit(SimImage.PAGE).build();
      disk.createDirectories(DIRECTORY);
      try (DiskFile file = disk.open(FILE, MAKE)) {
        for (int i = 0; i < 4; i++) {
          write(file, (long) i * SimImage.PAGE, (char) ('a' + i), SimImage.PAGE);
        }
        for (int i = 0; i < 4; i++) {
          byte[] page = read(file, 0, SimImage.PAGE);
          byte[] whole = new byte[SimImage.PAGE];
          Arrays.fill(whole, page[0]);
          assertThat(page).as("seed %d", seed).isEqualTo(whole);
          wrong += page[0] == 'a' ? 0 : 1;
        }
      }
    }
    assertThat(wrong).isGreaterThan(SEEDS / 2);
  }

  private static void makeDurable(SimDisk disk, Path path, int length) {
    disk.createDirectories(DIRECTORY);
    disk.syncDirectory(Path.of("/"));
    try (DiskFile file = disk.open(path, MAKE)) {
      write(file, 0, 'o', length);
      file.sync(true);
    }
    disk.syncDirectory(DIRECTORY);
  }

  private static void write(DiskFile file, long position, char value, int length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length);
      bytes.fill((byte) value);
      file.writeFully(position, bytes);
    }
  }

  private static byte[] content(SimDisk disk, Path path) {
    try (DiskFile file = disk.open(path, EnumSet.of(OpenOption.READ))) {
      return read(file, 0, (int) file.byteSize());
    }
  }

  private static byte[] read(DiskFile file, long position, int length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length);
      file.readFully(position, bytes);
      return bytes.toArray(ValueLayout.JAVA_BYTE);
    }
  }
}
