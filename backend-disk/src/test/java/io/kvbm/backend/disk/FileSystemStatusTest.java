package io.kvbm.backend.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.backend.disk.file.Posix;
import io.kvbm.testkit.RequiredTools;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSystemStatusTest {

  @TempDir Path directory;

  @Test
  void theCLibraryAndTheJdkAgree() throws IOException {
    Posix posix = Posix.find().orElse(null);
    RequiredTools.assumeOrFail("linux", posix != null, "the C library cannot be called here");
    FileSystemStatus asked = FileSystemStatus.of(directory, posix).orElseThrow();
    FileStore store = Files.getFileStore(directory);
    assertThat(asked.blockByteSize()).isEqualTo(store.getBlockSize());
    assertThat(asked.byteSize()).isEqualTo(store.getTotalSpace());
    assertThat(asked.usableByteSize()).isBetween(0L, asked.byteSize());
    assertThat(asked.usableInodes()).isBetween(0L, asked.inodes());
  }

  @Test
  void withoutTheCLibraryInodesAndExtentsAreUnknown() throws IOException {
    FileSystemStatus status = FileSystemStatus.of(directory, null).orElseThrow();
    assertThat(status.byteSize()).isEqualTo(Files.getFileStore(directory).getTotalSpace());
    assertThat(status.inodes()).isNegative();
    assertThat(status.hasExtents()).isEmpty();
  }

  @Test
  void aDirectoryThatIsNotThereHasNone() {
    Path missing = directory.resolve("missing");
    assertThat(FileSystemStatus.of(missing, null)).isEmpty();
    assertThat(FileSystemStatus.of(missing, Posix.find().orElse(null))).isEqualTo(Optional.empty());
  }

  @Test
  void theKernelCountsInodesOfAnOpenFile() throws IOException {
    Posix posix = Posix.find().orElse(null);
    RequiredTools.assumeOrFail("linux", posix != null, "the C library cannot be called here");
    assertThat(posix.fileSystemNumbers(-1)).isEmpty();
    assertThat(posix.inodeFlags(-1)).isNegative();
    assertThat(posix.directAlignment(-1)).isEmpty();
  }
}
