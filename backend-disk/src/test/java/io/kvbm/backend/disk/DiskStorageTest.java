package io.kvbm.backend.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.storage.Lease;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.storage.StorageValidation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DiskStorageTest {

  private static final long ODD_SIZE = 5 * 4096 + 123;

  @TempDir Path directory;

  private final Disk disk = new FileDisk();

  @ParameterizedTest
  @EnumSource(DirectAccess.class)
  void aStorageIsAFileOfExactlyItsSizeWithDescriptorAndNoAddress(DirectAccess direct)
      throws IOException {
    DirectDirectory.assume(directory, direct);
    try (DiskStorage storage = create("exact", ODD_SIZE, direct)) {
      assertThat(storage.type()).isEqualTo(StorageType.disk(storage.fd()));
      assertThat(storage.address()).isZero();
      assertThat(storage.byteSize()).isEqualTo(ODD_SIZE);
      assertThat(storage.isHostAccessible()).isFalse();
      assertThat(Files.size(storage.path())).isEqualTo(ODD_SIZE);
      assertThat(storage.region())
          .isInstanceOfSatisfying(
              Region.FileRegion.class,
              region -> assertThat(region.file().descriptor()).isEqualTo(storage.fd()));
      assertThat(Path.of("/proc/self/fd/" + storage.fd()).toRealPath())
          .isEqualTo(storage.path().toRealPath());
      StorageValidation.validate(storage);
    }
  }

  @Test
  void spaceIsReservedForReal() throws IOException {
    try (DiskStorage storage = create("reserved", 8 << 20, DirectAccess.AUTO)) {
      long blocks = ((Number) allocatedBlocks(storage.path())).longValue();
      assertThat(blocks * 512).isGreaterThanOrEqualTo(8 << 20);
    }
  }

  private static long allocatedBlocks(Path path) throws IOException {
    Process stat = new ProcessBuilder("stat", "-c", "%b", path.toString()).start();
    return Long.parseLong(new String(stat.getInputStream().readAllBytes()).strip());
  }

  @Test
  void anExplicitPathGetsItsParentsAndMode0644() throws IOException {
    Path path = directory.resolve("a/b/file");
    try (DiskStorage storage = DiskStorage.newAt(path, 4096)) {
      assertThat(storage.path()).isEqualTo(path);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
          .isEqualTo("rw-r--r--");
    }
    assertThat(path).doesNotExist();
    assertThat(path.getParent()).exists();
  }

  @Test
  void aTemplateGetsANewNameAndMode0600() throws IOException {
    Path template = directory.resolve("cache-XXXXXX");
    try (DiskStorage one = DiskStorage.newAt(template, 4096);
        DiskStorage other = DiskStorage.newAt(template, 4096)) {
      assertThat(one.path()).isNotEqualTo(other.path());
      assertThat(one.path().getFileName().toString()).matches("cache-[a-zA-Z0-9]{6}");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(one.path())))
          .isEqualTo("rw-------");
    }
    assertThat(entries()).isEmpty();
  }

  @Test
  void aTemporaryStorageIsInTheDirectoryOfTheEnvironment() {
    try (DiskStorage storage = DiskStorage.newTemp(4096)) {
      assertThat(storage.path().getParent())
          .isEqualTo(DiskSettings.ofProcess().directory().toAbsolutePath());
      assertThat(storage.path().getFileName().toString())
          .matches("dynamo-kvbm-disk-cache-[a-zA-Z0-9]{6}");
    }
  }

  @Test
  void aFileThatIsThereIsCutToNothingFirst() throws IOException {
    Path path = directory.resolve("there");
    Files.writeString(path, "x".repeat(20_000));
    try (DiskStorage storage = create("there", 10_000, DirectAccess.AUTO)) {
      assertThat(Files.readAllBytes(storage.path())).containsOnly(0).hasSize(10_000);
    }
  }

  @Test
  void zeroBytesAreRefusedAndLeaveNothing() throws IOException {
    assertThatThrownBy(() -> create("zero", 0, DirectAccess.AUTO))
        .isInstanceOfSatisfying(
            CapacityException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.ALLOCATION_FAILED))
        .hasMessageContaining("zero-sized allocations are not supported");
    assertThatThrownBy(() -> DiskStorage.newTemp(0)).isInstanceOf(CapacityException.class);
    assertThat(entries()).isEmpty();
  }

  @Test
  void moreThanTheFileSystemHasIsRefusedAndLeavesNothing() throws IOException {
    assertThatThrownBy(() -> create("huge", 1L << 50, DirectAccess.AUTO))
        .isInstanceOfSatisfying(
            CapacityException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.ALLOCATION_FAILED);
              assertThat(e.requested()).isEqualTo(1L << 50);
              assertThat(e.getMessage()).contains(directory.toString()).doesNotContain("\n");
            });
    assertThat(entries()).isEmpty();
  }

  @Test
  void aPlaceWhereNothingCanBeMadeIsOneClearLine() {
    assertThatThrownBy(() -> DiskStorage.newAt(Path.of("/proc/kvbm/file"), 4096))
        .isInstanceOf(KvbmException.class)
        .hasMessageContaining("/proc/kvbm")
        .hasMessageNotContaining("\n");
  }

  @Test
  void aFileInTheWayOfADirectoryIsOneClearLine() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    assertThatThrownBy(() -> DiskStorage.newAt(file.resolve("below"), 4096))
        .isInstanceOf(KvbmException.class)
        .hasMessageContaining(file.toString())
        .hasMessageNotContaining("\n");
  }

  @Test
  void unlinkOnDemandKeepsTheBytesAndHappensOnce() {
    try (DiskStorage storage = create("unlinked", ODD_SIZE, DirectAccess.AUTO)) {
      storage.memset(7, 0, ODD_SIZE);
      assertThat(storage.unlinked()).isFalse();
      storage.unlink();
      storage.unlink();
      assertThat(storage.unlinked()).isTrue();
      assertThat(storage.path()).doesNotExist();
      storage.memset(8, 100, 10);
      byte[] bytes = TestBytes.of(storage);
      assertThat(bytes[99]).isEqualTo((byte) 7);
      assertThat(bytes[100]).isEqualTo((byte) 8);
    }
  }

  @Test
  void closeUnlinksAndClosesTheDescriptorAfterTheLastLease() throws IOException {
    DiskStorage storage = create("closing", 4096, DirectAccess.AUTO);
    Lease lease = storage.lease();
    storage.close();
    assertThat(storage.path()).exists();
    assertThat(storage.region()).as("work in flight goes on").isNotNull();
    lease.close();
    assertThatThrownBy(storage::region).isInstanceOf(ClosedException.class);
    assertThat(storage.path()).doesNotExist();
    assertThat(storage.unlinked()).isTrue();
    storage.close();
  }

  @Test
  void noDescriptorIsLeftAfterClosing() throws IOException {
    create("warm", 4096, DirectAccess.AUTO).close();
    long before = openDescriptors();
    for (int i = 0; i < 200; i++) {
      create("leak", 4096, DirectAccess.AUTO).close();
      assertThatThrownBy(() -> create("huge", 1L << 50, DirectAccess.AUTO))
          .isInstanceOf(CapacityException.class);
    }
    assertThat(openDescriptors()).isLessThan(before + 20);
  }

  private static long openDescriptors() throws IOException {
    try (Stream<Path> entries = Files.list(Path.of("/proc/self/fd"))) {
      return entries.count();
    }
  }

  @Test
  void aFileSomebodyElseRemovedIsClosedQuietly() throws IOException {
    DiskStorage storage = create("gone", 4096, DirectAccess.AUTO);
    Files.delete(storage.path());
    storage.close();
    assertThat(storage.isClosed()).isTrue();
  }

  @ParameterizedTest
  @EnumSource(DirectAccess.class)
  void memsetChangesExactlyItsRange(DirectAccess direct) {
    DirectDirectory.assume(directory, direct);
    try (DiskStorage storage = create("memset", ODD_SIZE, direct)) {
      byte[] expected = new byte[(int) ODD_SIZE];
      long[][] ranges = {
        {0, ODD_SIZE},
        {1, 1},
        {4095, 2},
        {4096, 4096},
        {100, 9000},
        {ODD_SIZE - 1, 1},
        {ODD_SIZE - 200, 200},
        {8192, ODD_SIZE - 8192},
        {17, 0}
      };
      for (int i = 0; i < ranges.length; i++) {
        int from = (int) ranges[i][0];
        int to = from + (int) ranges[i][1];
        storage.memset(i + 200, from, to - from);
        Arrays.fill(expected, from, to, (byte) (i + 200));
        assertThat(TestBytes.of(storage)).as("after range %d", i).isEqualTo(expected);
      }
      assertThat(storage.path()).hasSize(ODD_SIZE);
    }
  }

  @Test
  void memsetRefusesValuesAndRangesOutside() {
    try (DiskStorage storage = create("bounds", 4096, DirectAccess.AUTO)) {
      assertThatThrownBy(() -> storage.memset(256, 0, 1))
          .isInstanceOfSatisfying(
              CallerException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
      assertThatThrownBy(() -> storage.memset(0, 4000, 97))
          .isInstanceOfSatisfying(
              CallerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_BOUNDS));
      assertThatThrownBy(storage::mutableView)
          .isInstanceOfSatisfying(
              CallerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_ACCESSIBLE));
    }
  }

  @Test
  void theDetailsSayHowTheFileIsReached() {
    try (DiskStorage buffered = create("buffered", 4096, DirectAccess.OFF)) {
      assertThat(buffered.isDirect()).isFalse();
      assertThat(buffered.accessDetails()).isEqualTo("buffered: direct is false");
    }
    try (DiskStorage automatic = create("auto", 4096, DirectAccess.AUTO)) {
      assertThat(automatic.accessDetails())
          .startsWith(automatic.isDirect() ? "direct" : "buffered: ");
    }
  }

  private DiskStorage create(String name, long byteSize, DirectAccess direct) {
    return DiskStorage.create(disk, directory.resolve(name), byteSize, direct);
  }

  private List<Path> entries() throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.toList();
    }
  }
}
