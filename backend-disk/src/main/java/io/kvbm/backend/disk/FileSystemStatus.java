package io.kvbm.backend.disk;

import io.kvbm.backend.disk.file.Posix;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the file system of a directory says of itself.
 *
 * @param blockByteSize its unit of allocation
 * @param byteSize how large it is
 * @param usableByteSize what this user can still write
 * @param inodes how many files it can have; 0 where it makes them as needed, negative if unknown
 * @param usableInodes how many more this user can make
 * @param hasExtents whether the directory is stored in extents; empty if it does not say
 */
record FileSystemStatus(
    long blockByteSize,
    long byteSize,
    long usableByteSize,
    long inodes,
    long usableInodes,
    Optional<Boolean> hasExtents) {

  /** Of a file system of the extended family only. */
  private static final int EXTENTS_FLAG = 0x80000;

  private static final long UNKNOWN = -1;

  /** {@return the status, or empty where the directory cannot be looked at} */
  static Optional<FileSystemStatus> of(Path directory, @Nullable Posix posix) {
    return posix == null ? portable(directory) : ask(directory, posix);
  }

  private static Optional<FileSystemStatus> ask(Path directory, Posix posix) {
    int descriptor = posix.open(directory, 0, 0);
    if (descriptor < 0) {
      return portable(directory);
    }
    try {
      Optional<long[]> numbers = posix.fileSystemNumbers(descriptor);
      if (numbers.isEmpty()) {
        return portable(directory);
      }
      long[] values = numbers.get();
      long block = values[Posix.BLOCK_BYTE_SIZE];
      int flags = posix.inodeFlags(descriptor);
      return Optional.of(
          new FileSystemStatus(
              block,
              block * values[Posix.BLOCKS],
              block * values[Posix.USABLE_BLOCKS],
              values[Posix.INODES],
              values[Posix.USABLE_INODES],
              flags < 0 ? Optional.empty() : Optional.of((flags & EXTENTS_FLAG) != 0)));
    } finally {
      posix.close(descriptor);
    }
  }

  private static Optional<FileSystemStatus> portable(Path directory) {
    try {
      FileStore store = Files.getFileStore(directory);
      return Optional.of(
          new FileSystemStatus(
              store.getBlockSize(),
              store.getTotalSpace(),
              store.getUsableSpace(),
              UNKNOWN,
              UNKNOWN,
              Optional.empty()));
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.empty();
    }
  }
}
