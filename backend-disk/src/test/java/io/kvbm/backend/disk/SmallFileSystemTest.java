package io.kvbm.backend.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.BackendException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.testkit.RequiredTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
