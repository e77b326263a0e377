package io.kvbm.backend.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.testkit.disk.SimDisk;
import io.kvbm.testkit.disk.SimOperation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How space for disk storage is had where the file system is of no help. */
class DiskAllocationTest {

  private static final Set<OpenOption> DIRECT =
      EnumSet.of(OpenOption.READ, OpenOption.WRITE, OpenOption.CREATE, OpenOption.DIRECT);
  private static final Path SIMULATED = Path.of("/file");
  private static final long ODD_SIZE = (16 << 20) + 3 * 4096 + 5;

  @TempDir Path directory;

  @Test
  void case35_aWriterThatDemandsAlignmentTakesTheZeroFillBufferAndNoPlainMemory() {
    SimDisk disk = SimDisk.of(1);
    try (DiskFile file = disk.open(SIMULATED, DIRECT);
        Arena arena = Arena.ofConfined()) {
      ZeroFill.extend(file, 4 * 4096);
      assertThat(file.byteSize()).isEqualTo(4 * 4096);
      MemorySegment plain = arena.allocate(2 * 4096, 4096).asSlice(16, 4096);
      assertThatThrownBy(() -> file.write(0, plain)).isInstanceOf(CallerException.class);
    }
    DirectDirectory.assume(directory);
    try (DiskFile file = new FileDisk(null, true, false).open(directory.resolve("f"), DIRECT);
        Arena arena = Arena.ofConfined()) {
      ZeroFill.extend(file, 4 * 4096);
      MemorySegment plain = arena.allocate(2 * 4096, 4096).asSlice(16, 4096);
      assertThatThrownBy(() -> file.write(0, plain)).isInstanceOf(CallerException.class);
    }
  }

  @Test
  void case35_aSizeThatIsNoMultipleOfAPageIsWrittenInPagesAndTheFileEndsAtTheExactSize() {
    SimDisk disk = SimDisk.of(1);
    try (DiskFile file = disk.open(SIMULATED, DIRECT)) {
      ZeroFill.extend(file, ODD_SIZE);
      assertThat(file.byteSize()).isEqualTo(ODD_SIZE);
      assertThat(disk.calls(SimOperation.WRITE)).isEqualTo(5);
      assertThat(disk.calls(SimOperation.TRUNCATE)).isEqualTo(1);
    }
    DirectDirectory.assume(directory);
    Path path = directory.resolve("f");
    try (DiskFile file = new FileDisk(null, true, false).open(path, DIRECT)) {
      file.allocate(0, ODD_SIZE);
      assertThat(path).hasSize(ODD_SIZE);
    }
  }

  @Test
  void case35_zeroFillGoesOnFromAnyLengthAndKeepsTheBytes() {
    SimDisk disk = SimDisk.builder(1).shortTransfers(0.5).build();
    try (DiskFile file = disk.open(SIMULATED, DIRECT)) {
      ZeroFill.extend(file, 5000);
      AlignedIo.standalone().fill(file, (byte) 7, 0, 5000);
      ZeroFill.extend(file, 20_001);
      ZeroFill.extend(file, 100);
      assertThat(file.byteSize()).isEqualTo(20_001);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment bytes = arena.allocate(20_001);
        AlignedIo.standalone().read(file, 0, bytes);
        assertThat(bytes.asSlice(0, 5000).toArray(ValueLayout.JAVA_BYTE)).containsOnly(7);
        assertThat(bytes.asSlice(5000).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
      }
    }
  }

  @Test
  void case35_withDirectAccessOffEverythingWorks() {
    Map<String, String> environment = Map.of("DYN_KVBM_DISK_DISABLE_O_DIRECT", "1");
    DiskSettings settings = DiskSettings.of(BackendConfig.empty(), environment::get);
    try (DiskStorage storage =
        DiskStorage.create(
            new FileDisk(), directory.resolve("f"), 5 * 4096 + 1, settings.direct())) {
      assertThat(storage.isDirect()).isFalse();
      storage.memset(1, 1, 5 * 4096);
      byte[] bytes = TestBytes.of(storage);
      assertThat(bytes[0]).isZero();
      assertThat(bytes[5 * 4096]).isEqualTo((byte) 1);
    }
  }

  @Test
  void case35_allocatorTypesAreReadAndUnknownOnesAreTheDefault() {
    assertThat(allocatorType(null)).isEqualTo(AllocatorType.DEFAULT);
    assertThat(allocatorType("default")).isEqualTo(AllocatorType.DEFAULT);
    assertThat(allocatorType("open-direct")).isEqualTo(AllocatorType.OPEN_DIRECT);
    assertThat(allocatorType(" open-direct ")).isEqualTo(AllocatorType.OPEN_DIRECT);
    assertThat(allocatorType("mmap")).isEqualTo(AllocatorType.DEFAULT);
    assertThat(allocatorType("")).isEqualTo(AllocatorType.DEFAULT);
  }

  private static AllocatorType allocatorType(String text) {
    return DiskSettings.of(
            BackendConfig.empty(),
            name -> name.equals("DYN_KVBM_DISK_ALLOCATOR_TYPE") ? text : null)
        .allocatorType();
  }

  @Test
  void case35_eitherAllocatorTypeGivesADirectFile() {
    DirectDirectory.assume(directory);
    for (boolean directAtOpen : new boolean[] {false, true}) {
      try (DiskStorage storage =
          DiskStorage.create(
              new FileDisk(true, directAtOpen),
              directory.resolve("f"),
              4096,
              DirectAccess.REQUIRED)) {
        assertThat(storage.isDirect()).isTrue();
      }
    }
  }
}
