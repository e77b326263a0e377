package io.kvbm.testkit.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.disk.Disk;
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
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;

class SimDiskTest {

  private static final Path DIRECTORY = Path.of("/data");
  private static final Path FILE = DIRECTORY.resolve("file");
  private static final Set<OpenOption> MAKE =
      EnumSet.of(OpenOption.READ, OpenOption.WRITE, OpenOption.CREATE);
  private static final int SEEDS = 300;

  @Test
  void bytesComeBackAndHolesAreZero() {
    try (DiskFile file = open(SimDisk.of(1))) {
      write(file, 5000, 'a', 3000);
      byte[] expected = new byte[8000];
      Arrays.fill(expected, 5000, 8000, (byte) 'a');
      assertThat(content(file)).isEqualTo(expected);
      file.truncate(6000);
      file.truncate(7000);
      assertThat(content(file)[5999]).isEqualTo((byte) 'a');
      assertThat(content(file)[6000]).isZero();
      assertThat(file.punch(5500, 100)).isTrue();
      assertThat(content(file)[5499]).isEqualTo((byte) 'a');
      assertThat(content(file)[5500]).isZero();
      assertThat(file.byteSize()).isEqualTo(7000);
    }
  }

  @Test
  void theEndOfTheFileIsNoSuccess() {
    try (DiskFile file = open(SimDisk.of(1));
        Arena arena = Arena.ofConfined()) {
      write(file, 0, 'a', 100);
      assertThat(file.read(100, arena.allocate(1))).isEqualTo(-1);
      assertThatThrownBy(() -> file.readFully(50, arena.allocate(51)))
          .isInstanceOf(CallerException.class);
    }
  }

  @Test
  void syncedBytesUnderASyncedNameAlwaysSurviveAPowerCut() {
    for (long seed = 0; seed < SEEDS; seed++) {
      SimDisk disk = SimDisk.builder(seed).tornSectors().shortTransfers(0.3).build();
      try (DiskFile file = open(disk)) {
        write(file, 0, 'a', 3000);
        write(file, 1000, 'b', 5000);
        file.sync(false);
        disk.syncDirectory(DIRECTORY);
        disk.syncDirectory(Path.of("/"));
      }
      byte[] before = contentOf(disk);
      disk.powerCut();
      assertThat(contentOf(disk.reboot())).as("seed %d", seed).isEqualTo(before);
    }
  }

  @Test
  void whatIsNotSyncedSurvivesBySectors() {
    Set<Character> seen = new HashSet<>();
    for (long seed = 0; seed < SEEDS; seed++) {
      SimDisk disk = durableFile(seed, 2048);
      try (DiskFile file = open(disk)) {
        write(file, 256, 'n', 1024);
      }
      disk.powerCut();
      byte[] bytes = contentOf(disk.reboot());
      assertThat(bytes).hasSize(2048);
      int[] edges = {0, 256, 512, 1024, 1280, 2048};
      for (int i = 0; i + 1 < edges.length; i++) {
        byte[] sector = Arrays.copyOfRange(bytes, edges[i], edges[i + 1]);
        boolean written = i > 0 && i < 4;
        char first = (char) sector[0];
        assertThat(sector).as("seed %d", seed).containsOnly(first);
        assertThat(first)
            .as("seed %d", seed)
            .isIn(written ? new Object[] {'o', 'n'} : new Object[] {'o'});
        seen.add(first);
      }
    }
    assertThat(seen).containsExactlyInAnyOrder('o', 'n');
  }

  @Test
  void sectorsTearOnlyWhereAskedTo() {
    boolean torn = false;
    for (long seed = 0; seed < SEEDS && !torn; seed++) {
      SimDisk disk = SimDisk.builder(seed).tornSectors().build();
      makeDurable(disk, 512);
      try (DiskFile file = open(disk)) {
        write(file, 0, 'n', 512);
      }
      disk.powerCut();
      byte[] bytes = contentOf(disk.reboot());
      torn = bytes[0] == 'n' && bytes[511] == 'o';
    }
    assertThat(torn).as("a torn sector in %d seeds", SEEDS).isTrue();
  }

  @Test
  void namesThatAreNotSyncedMayBeLostOrKept() {
    assertThat(
            outcomes(
                seed -> {
                  SimDisk disk = SimDisk.of(seed);
                  makeDurableDirectory(disk);
                  try (DiskFile file = open(disk)) {
                    write(file, 0, 'a', 10);
                    file.sync(true);
                  }
                  disk.powerCut();
                  return disk.reboot().exists(FILE);
                }))
        .containsExactlyInAnyOrder(true, false);
  }

  @Test
  void aRenameThatIsNotSyncedHappenedOrNotButNeverHalf() {
    Path target = DIRECTORY.resolve("renamed");
    Set<Object> seen =
        outcomes(
            seed -> {
              SimDisk disk = durableFile(seed, 10);
              disk.rename(FILE, target);
              disk.powerCut();
              SimDisk after = disk.reboot();
              assertThat(after.exists(FILE)).as("seed %d", seed).isNotEqualTo(after.exists(target));
              return after.exists(target);
            });
    assertThat(seen).containsExactlyInAnyOrder(true, false);
  }

  @Test
  void aSyncedRenameAndUnlinkStay() {
    Path target = DIRECTORY.resolve("renamed");
    for (long seed = 0; seed < SEEDS; seed++) {
      SimDisk disk = durableFile(seed, 10);
      disk.rename(FILE, target);
      disk.syncDirectory(DIRECTORY);
      disk.powerCut();
      SimDisk after = disk.reboot();
      assertThat(after.list(DIRECTORY)).as("seed %d", seed).containsExactly(target);
      after.unlink(target);
      after.syncDirectory(DIRECTORY);
      after.powerCut();
      assertThat(after.reboot().list(DIRECTORY)).as("seed %d", seed).isEmpty();
    }
  }

  @Test
  void theDeathOfTheProcessLosesNothingWritten() {
    SimDisk disk = SimDisk.of(1);
    DiskFile file = open(disk);
    write(file, 0, 'a', 700);
    SimDisk after = disk.reboot();
    assertThat(contentOf(after)).containsOnly('a').hasSize(700);
    assertThatThrownBy(() -> write(file, 0, 'b', 1)).isInstanceOf(BackendException.class);
  }

  @Test
  void theSameSeedGivesTheSameDisk() {
    for (long seed = 0; seed < 50; seed++) {
      assertThat(story(seed)).as("seed %d", seed).isEqualTo(story(seed));
    }
    assertThat(outcomes(seed -> Arrays.hashCode(story(seed)))).hasSizeGreaterThan(1);
  }

  private static byte[] story(long seed) {
    SimDisk disk = SimDisk.builder(seed).tornSectors().shortTransfers(0.5).build();
    makeDurable(disk, 6000);
    try (DiskFile file = open(disk)) {
      write(file, 100, 'n', 3000);
      write(file, 2000, 'm', 6000);
      file.truncate(7000);
    }
    disk.powerCut();
    return contentOf(disk.reboot());
  }

  @Test
  void aFailedSyncIsNotMadeGoodByALaterOne() {
    Set<Object> seen =
        outcomes(
            seed -> {
              SimDisk disk = durableFile(seed, 512);
              try (DiskFile file = open(disk)) {
                write(file, 0, 'n', 512);
                disk.failNext(SimFault.EIO);
                assertThatThrownBy(() -> file.sync(false))
                    .isInstanceOfSatisfying(
                        BackendException.class, e -> assertThat(e.nativeCode()).isEqualTo(5));
                file.sync(false);
                assertThat(content(file)).containsOnly('n');
              }
              disk.powerCut();
              return (char) contentOf(disk.reboot())[0];
            });
    assertThat(seen).containsExactlyInAnyOrder('o', 'n');
  }

  @Test
  void aLyingSyncKeepsNothing() {
    Set<Object> seen =
        outcomes(
            seed -> {
              SimDisk disk = SimDisk.builder(seed).lyingSync().build();
              makeDurable(disk, 512);
              disk.powerCut();
              return disk.reboot().exists(FILE);
            });
    assertThat(seen).contains(false);
  }

  @Test
  void chosenCallsFailAndOthersDoNot() {
    SimDisk disk = SimDisk.of(1);
    try (DiskFile file = open(disk)) {
      long before = disk.calls();
      disk.failAt(before + 2, SimFault.EIO);
      disk.failAt(before + 3, SimFault.ENOSPC);
      disk.failAt(before + 4, SimFault.EINTR);
      write(file, 0, 'a', 10);
      assertThatThrownBy(() -> write(file, 0, 'b', 10))
          .isInstanceOfSatisfying(
              BackendException.class, e -> assertThat(e.nativeCode()).isEqualTo(5));
      assertThatThrownBy(() -> write(file, 0, 'b', 10))
          .isInstanceOfSatisfying(
              CapacityException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.ALLOCATION_FAILED));
      assertThatThrownBy(() -> write(file, 0, 'b', 10))
          .isInstanceOfSatisfying(
              BackendException.class, e -> assertThat(e.nativeCode()).isEqualTo(4));
      assertThat(content(file)).containsOnly('a');
      assertThat(disk.calls(SimOperation.WRITE)).isEqualTo(4);
      assertThat(disk.calls(SimOperation.OPEN)).isEqualTo(1);
    }
  }

  @Test
  void aFullDiskWritesWhatFitsThenRefuses() {
    SimDisk disk = SimDisk.builder(1).capacity(3 * 4096).build();
    try (DiskFile file = open(disk);
        Arena arena = Arena.ofConfined()) {
      assertThat(file.write(0, arena.allocate(5 * 4096))).isEqualTo(3 * 4096);
      assertThatThrownBy(() -> write(file, 3 * 4096, 'a', 1)).isInstanceOf(CapacityException.class);
      write(file, 0, 'a', 3 * 4096);
      assertThat(disk.usableByteSize(FILE)).isZero();
      disk.unlink(FILE);
      assertThat(disk.usableByteSize(FILE)).isZero();
    }
    assertThat(disk.usableByteSize(FILE)).isEqualTo(3 * 4096);
  }

  @Test
  void reservedSpaceIsTakenFromTheDisk() {
    SimDisk disk = SimDisk.builder(1).capacity(8 * 4096).build();
    try (DiskFile file = open(disk)) {
      file.allocate(0, 6 * 4096);
      assertThat(disk.usableByteSize(FILE)).isEqualTo(2 * 4096);
      assertThatThrownBy(() -> file.allocate(0, 9 * 4096)).isInstanceOf(CapacityException.class);
      file.allocate(0, 8 * 4096);
      file.punch(0, 4096);
      assertThat(disk.usableByteSize(FILE)).isEqualTo(4096);
      assertThat(file.byteSize()).isEqualTo(8 * 4096);
    }
  }

  @Test
  void directFilesDemandAlignmentAndMayBeRefused() {
    Set<OpenOption> direct = EnumSet.copyOf(MAKE);
    direct.add(OpenOption.DIRECT);
    SimDisk disk = SimDisk.of(1);
    disk.createDirectories(DIRECTORY);
    try (DiskFile file = disk.open(FILE, direct);
        Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(8192, 4096);
      assertThat(file.isDirect()).isTrue();
      assertThat(file.write(4096, memory.asSlice(0, 4096))).isEqualTo(4096);
      assertThatThrownBy(() -> file.write(100, memory.asSlice(0, 4096)))
          .isInstanceOf(CallerException.class);
      assertThatThrownBy(() -> file.write(0, memory.asSlice(8, 4096)))
          .isInstanceOf(CallerException.class);
      assertThatThrownBy(() -> file.write(0, memory.asSlice(0, 100)))
          .isInstanceOf(CallerException.class);
    }
    SimDisk without = SimDisk.builder(1).directAlignment(0).build();
    without.createDirectories(DIRECTORY);
    assertThatThrownBy(() -> without.open(FILE, direct)).isInstanceOf(BackendException.class);
    assertThat(without.exists(FILE)).isFalse();
  }

  @Test
  void transfersAreShortAndStillMoveEverything() {
    SimDisk disk = SimDisk.builder(7).shortTransfers(1).build();
    try (DiskFile file = open(disk)) {
      write(file, 0, 'a', 10_000);
      assertThat(content(file)).containsOnly('a').hasSize(10_000);
    }
    assertThat(disk.calls(SimOperation.WRITE)).isGreaterThan(2);
    assertThat(disk.calls(SimOperation.READ)).isGreaterThan(2);
  }

  @Test
  void locksAreExclusiveAndEndWithTheProcess() {
    SimDisk disk = SimDisk.of(1);
    Disk.DiskLock lock = disk.lock(FILE);
    assertThatThrownBy(() -> disk.lock(FILE))
        .isInstanceOfSatisfying(
            TransientException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.LOCKED));
    lock.close();
    disk.lock(FILE);
    disk.reboot().lock(FILE);
  }

  @Test
  void namesFollowTheRulesOfFileSystems() {
    SimDisk disk = SimDisk.of(1);
    assertThatThrownBy(() -> disk.open(FILE, MAKE))
        .isInstanceOfSatisfying(
            CallerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND));
    DiskFile file = open(disk);
    Set<OpenOption> exclusive = EnumSet.of(OpenOption.WRITE, OpenOption.CREATE_NEW);
    assertThatThrownBy(() -> disk.open(FILE, exclusive)).isInstanceOf(CallerException.class);
    DiskFile temporary = disk.openTemporary(DIRECTORY.resolve("t-XXXXXX"), MAKE);
    assertThat(disk.list(DIRECTORY)).containsExactly(FILE, temporary.path());
    disk.rename(temporary.path(), FILE);
    assertThat(disk.list(DIRECTORY)).containsExactly(FILE);
    assertThatThrownBy(() -> disk.openTemporary(FILE, MAKE)).isInstanceOf(CallerException.class);
    assertThatThrownBy(() -> disk.unlink(DIRECTORY)).isInstanceOf(BackendException.class);
    file.close();
    file.close();
    assertThatThrownBy(file::byteSize).isInstanceOf(ClosedException.class);
  }

  private static Set<Object> outcomes(LongFunction<Object> story) {
    Set<Object> seen = new HashSet<>();
    for (long seed = 0; seed < 60; seed++) {
      seen.add(story.apply(seed));
    }
    return seen;
  }

  private static SimDisk durableFile(long seed, int length) {
    SimDisk disk = SimDisk.of(seed);
    makeDurable(disk, length);
    return disk;
  }

  private static void makeDurableDirectory(SimDisk disk) {
    disk.createDirectories(DIRECTORY);
    disk.syncDirectory(Path.of("/"));
  }

  private static void makeDurable(SimDisk disk, int length) {
    makeDurableDirectory(disk);
    try (DiskFile file = open(disk)) {
      write(file, 0, 'o', length);
      file.sync(true);
    }
    disk.syncDirectory(DIRECTORY);
  }

  private static DiskFile open(SimDisk disk) {
    disk.createDirectories(DIRECTORY);
    return disk.open(FILE, MAKE);
  }

  private static void write(DiskFile file, long position, char value, int length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length, 4096);
      bytes.fill((byte) value);
      file.writeFully(position, bytes);
    }
  }

  private static byte[] content(DiskFile file) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(file.byteSize(), 4096);
      file.readFully(0, bytes);
      return bytes.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private static byte[] contentOf(SimDisk disk) {
    try (DiskFile file = disk.open(FILE, EnumSet.of(OpenOption.READ))) {
      return content(file);
    }
  }
}
