package io.kvbm.backend.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.BackendException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.backend.disk.file.Errno;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.RequiredTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens on file systems that are full or cannot do much. Needs the right to mount. */
class SmallFileSystemTest {

  @TempDir Path directory;

  @Test
  void aFullDiskIsACapacityErrorThatLeavesNothing() throws IOException {
    try (Mount mount = Mount.of(directory.resolve("small"), "tmpfs", "size=1m")) {
      for (DirectAccess direct : new DirectAccess[] {DirectAccess.AUTO, DirectAccess.OFF}) {
        for (FileDisk disk : new FileDisk[] {new FileDisk(), new FileDisk(null, true, false)}) {
          assertThatThrownBy(
                  () -> DiskStorage.create(disk, mount.path().resolve("f"), 2 << 20, direct))
              .isInstanceOfSatisfying(
                  CapacityException.class,
                  e -> assertThat(e.code()).isEqualTo(ErrorCode.ALLOCATION_FAILED))
              .hasMessageContaining("No space left on device")
              .hasMessageNotContaining("\n");
          assertThat(entries(mount.path())).isZero();
          DiskStorage.create(disk, mount.path().resolve("f"), 1 << 19, direct).close();
        }
      }
    }
  }

  @Test
  void aFileSystemWithoutDirectAccessIsReadAndWrittenThroughTheCache() throws IOException {
    try (Mount mount = Mount.of(directory.resolve("cached"), "tmpfs", "size=1m");
        DiskStorage storage =
            DiskStorage.create(
                new FileDisk(), mount.path().resolve("f"), 10_000, DirectAccess.AUTO)) {
      assertThat(storage.isDirect()).isFalse();
      assertThat(storage.accessDetails()).startsWith("buffered: cannot bypass the page cache");
      storage.memset(3, 1, 9000);
      assertThat(TestBytes.of(storage)[9000]).isEqualTo((byte) 3);
      assertThatThrownBy(
              () ->
                  DiskStorage.create(
                      new FileDisk(), mount.path().resolve("g"), 4096, DirectAccess.REQUIRED))
          .hasMessageContaining("bypass the page cache");
      assertThat(entries(mount.path())).isEqualTo(1);
    }
  }

  @Test
  void aMappingThatFindsNoSpaceIsRefusedBeforeAnythingIsMapped() throws IOException {
    try (Mount mount = Mount.of(directory.resolve("full"), "tmpfs", "size=1m")) {
      Path path = mount.path().resolve("f");
      for (FileDisk disk : new FileDisk[] {new FileDisk(), new FileDisk(null, true, false)}) {
        assertThatThrownBy(() -> MappedFileStorage.newAt(disk, path, 2 << 20))
            .isInstanceOfSatisfying(
                CapacityException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.ALLOCATION_FAILED))
            .hasMessageContaining("No space left on device");
        assertThat(path).doesNotExist();
        assertThat(Files.readString(Path.of("/proc/self/maps"))).doesNotContain(path.toString());
      }
      assertThatThrownBy(() -> MappedFileStorage.newTemp(mount.path(), 2 << 20))
          .isInstanceOf(CapacityException.class);
      Files.writeString(path, "kept");
      assertThatThrownBy(() -> MappedFileStorage.newAt(path, 2 << 20))
          .isInstanceOf(CapacityException.class);
      assertThat(path).hasContent("kept");
      try (DiskFile sparse = new FileDisk().open(path, FileDiskTest.MAKE)) {
        sparse.truncate(2 << 20);
      }
      assertThatThrownBy(() -> MappedFileStorage.newAt(path, 2 << 20))
          .as("holes there is no space for")
          .isInstanceOf(CapacityException.class);
      Files.delete(path);
      MappedFileStorage.newAt(path, 1 << 19).close();
      assertThat(entries(mount.path())).as("the file and its lock").isEqualTo(2);
    }
  }

  @Test
  void holesAreFilledByHandWhereTheFileSystemCannotReserve() throws IOException {
    try (Mount mount = Mount.of(directory.resolve("ram"), "ramfs", "mode=755")) {
      Path path = mount.path().resolve("f");
      int size = 3 << 20;
      try (DiskFile sparse = new FileDisk().open(path, FileDiskTest.MAKE)) {
        sparse.truncate(size);
      }
      Files.write(path, new byte[] {1, 2, 3}, StandardOpenOption.WRITE);
      assertThat(FileDiskTest.allocatedByteSize(path)).isLessThan(size);
      MappedFileStorage.newAt(path, size).close();
      assertThat(FileDiskTest.allocatedByteSize(path)).isEqualTo(size);
      byte[] content = Files.readAllBytes(path);
      assertThat(content).hasSize(size).startsWith(1, 2, 3, 0);
    }
  }

  @Test
  void aReadOnlyFileSystemIsOneClearLine() throws IOException {
    try (Mount mount = Mount.of(directory.resolve("fixed"), "tmpfs", "ro,size=1m")) {
      for (FileDisk disk : new FileDisk[] {new FileDisk(), new FileDisk(null, true, false)}) {
        assertThatThrownBy(
                () -> DiskStorage.create(disk, mount.path().resolve("f"), 4096, DirectAccess.AUTO))
            .isInstanceOfSatisfying(
                BackendException.class, e -> assertThat(e.nativeCode()).isEqualTo(Errno.EROFS))
            .hasMessageContaining("Read-only file system")
            .hasMessageContaining("choose another place")
            .hasMessageNotContaining("\n");
      }
    }
  }

  @Test
  void aFileSystemThatCannotReserveIsFilledWithZeros() throws IOException {
    try (Mount mount = Mount.of(directory.resolve("ram"), "ramfs", "mode=755")) {
      int size = 3 * 4096 + 5;
      try (DiskStorage storage =
          DiskStorage.create(
              new FileDisk(true, false), mount.path().resolve("f"), size, DirectAccess.AUTO)) {
        assertThat(Files.readAllBytes(storage.path())).containsOnly(0).hasSize(size);
        assertThat(FileDiskTest.allocatedByteSize(storage.path())).isEqualTo(4 * 4096);
      }
      try (DiskStorage storage =
          DiskStorage.create(
              new FileDisk(false, false), mount.path().resolve("f"), size, DirectAccess.AUTO)) {
        assertThat(storage.path()).hasSize(size);
        assertThat(FileDiskTest.allocatedByteSize(storage.path())).isZero();
      }
    }
  }

  @Test
  void aReservationThatFailsLeavesTheFileAsItWas() throws IOException {
    try (Mount mount = Mount.of(directory.resolve("short"), "tmpfs", "size=1m")) {
      for (FileDisk disk : new FileDisk[] {new FileDisk(), new FileDisk(null, true, false)}) {
        Path path = mount.path().resolve("f");
        try (DiskFile file =
            disk.open(path, EnumSet.of(OpenOption.READ, OpenOption.WRITE, OpenOption.CREATE))) {
          file.truncate(100);
          assertThatThrownBy(() -> file.allocate(0, 2 << 20)).isInstanceOf(CapacityException.class);
          assertThat(file.byteSize()).isEqualTo(100);
        }
        disk.unlink(path);
      }
    }
  }

  @Test
  void spaceThatRunsOutInsideABatchFailsTheBlocksThatFoundNone() throws IOException {
    int block = 256 << 10;
    FileTransport transport = new FileTransport(Runnable::run, MemoryBudget.UNLIMITED, 1);
    FileDisk sparse = new FileDisk(null, false, false);
    try (Mount mount = Mount.of(directory.resolve("sparse"), "tmpfs", "size=1m");
        DiskStorage file =
            DiskStorage.create(sparse, mount.path().resolve("f"), 8L * block, DirectAccess.OFF);
        HostStorage host = new HostStorage(8L * block)) {
      TransferBatch.Builder batch = TransferBatch.builder();
      for (int i = 0; i < 8; i++) {
        batch.add(i, host, (long) i * block, file, (long) i * block, block);
      }
      List<BlockOutcome> outcomes = FileTransportTest.run(transport, batch.build());
      // The file's last page was written to give it its length, so the fourth misses one.
      assertThat(outcomes.subList(0, 3)).containsOnly(new BlockOutcome.Done(block));
      assertThat(outcomes.subList(3, 8))
          .allSatisfy(
              outcome ->
                  assertThat(((BlockOutcome.Failed) outcome).cause())
                      .isInstanceOf(CapacityException.class)
                      .hasMessageContaining("No space left on device"));
    }
    transport.close();
  }

  private static long entries(Path path) throws IOException {
    try (Stream<Path> entries = Files.list(path)) {
      return entries.count();
    }
  }

  /** A file system mounted for one test. */
  private record Mount(Path path) implements AutoCloseable {

    static Mount of(Path path, String type, String options) throws IOException {
      Files.createDirectories(path);
      int status = run("mount", "-t", type, "-o", options, type, path.toString());
      RequiredTools.assumeOrFail(
          "mount", status == 0, "mounting a " + type + " is not permitted here; run as root");
      return new Mount(path);
    }

    private static int run(String... command) {
      try {
        return new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .onExit()
            .join()
            .exitValue();
      } catch (IOException e) {
        return -1;
      }
    }

    @Override
    public void close() {
      assertThat(run("umount", path.toString())).isZero();
    }
  }
}
