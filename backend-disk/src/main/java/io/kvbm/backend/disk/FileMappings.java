package io.kvbm.backend.disk;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.backend.disk.file.Errno;
import io.kvbm.backend.disk.file.Posix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes file mappings: locked, reserved, then mapped, in this order. A file that was made for a
 * mapping that fails is removed.
 */
final class FileMappings {

  /** What the name of a mapped file's lock ends in. */
  private static final String LOCK_SUFFIX = ".lock";

  private static final int COPY_BYTE_SIZE = 1 << 20;
  private static final Set<OpenOption> READ_WRITE = EnumSet.of(OpenOption.READ, OpenOption.WRITE);

  private final FileDisk disk;

  FileMappings(FileDisk disk) {
    this.disk = disk;
  }

  /**
   * Takes the lock of a mapped file, as one does who would cut it.
   *
   * @param disk where the file is
   * @param path the file; it exists
   * @return the lock
   */
  static Disk.DiskLock lockOf(Disk disk, Path path) {
    return disk.lock(lockPath(path));
  }

  /** {@return whether a file was mapped ever, and so may be now} */
  static boolean mayBeMapped(Disk disk, Path path) {
    return disk.exists(lockPath(path));
  }

  /** All names of a file but hard links lead to one lock. */
  private static Path lockPath(Path path) {
    Path real = realPath(path.toAbsolutePath());
    return real.resolveSibling(real.getFileName() + LOCK_SUFFIX);
  }

  private static Path realPath(Path absolute) {
    try {
      return absolute.toRealPath();
    } catch (IOException e) {
      try {
        return directoryOf(absolute).toRealPath().resolve(absolute.getFileName());
      } catch (IOException f) {
        return absolute; // The disk is not this machine's, or locking says what is wrong.
      }
    }
  }

  /** Maps a new file whose name follows a template. */
  FileMapping temporary(Path template, long byteSize) {
    Path absolute = template.toAbsolutePath();
    disk.createDirectories(directoryOf(absolute));
    DiskFile file = disk.openTemporary(absolute, READ_WRITE);
    Path lockPath = lockPath(file.path());
    Disk.DiskLock lock;
    try {
      lock = disk.lock(lockPath);
    } catch (KvbmException e) {
      discard(file, true, e);
      throw e;
    }
    try {
      return map(file, lock, lockPath, byteSize, true, true);
    } catch (KvbmException e) {
      disk.unlink(lockPath);
      throw e;
    }
  }

  /** Maps a file, a new one if it is not there. */
  FileMapping at(Path path, long byteSize) {
    Path absolute = path.toAbsolutePath();
    disk.createDirectories(directoryOf(absolute));
    requireFile(absolute);
    Path lockPath = lockPath(absolute);
    Disk.DiskLock lock = disk.lock(lockPath);
    DiskFile file;
    boolean wasMade = !disk.exists(absolute);
    try {
      EnumSet<OpenOption> options = EnumSet.copyOf(READ_WRITE);
      if (wasMade) {
        options.add(OpenOption.CREATE_NEW);
      }
      file = disk.open(absolute, options);
    } catch (KvbmException e) {
      lock.close();
      throw e;
    }
    return map(file, lock, lockPath, byteSize, wasMade, false);
  }

  private static Path directoryOf(Path absolute) {
    @Nullable Path directory = absolute.getParent();
    if (directory == null) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, absolute + " has no parent directory; name a file");
    }
    return directory;
  }

  private static void requireFile(Path path) {
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, path + " is no regular file; only one can be mapped");
    }
  }

  private FileMapping map(
      DiskFile file,
      Disk.DiskLock lock,
      Path lockPath,
      long byteSize,
      boolean wasMade,
      boolean isTemporary) {
    Arena arena = Arena.ofShared();
    try {
      reserve(file, byteSize, wasMade);
      MemorySegment segment = map(file, byteSize, arena);
      return new FileMapping(disk, file, lock, lockPath, arena, segment, wasMade, isTemporary);
    } catch (KvbmException e) {
      arena.close();
      discard(file, wasMade, e);
      lock.close();
      throw e;
    }
  }

  private void discard(DiskFile file, boolean wasMade, KvbmException failure) {
    try {
      file.close();
      if (wasMade) {
        disk.unlink(file.path());
      }
    } catch (KvbmException e) {
      failure.addSuppressed(e);
    }
  }

  private static void reserve(DiskFile file, long byteSize, boolean wasMade) {
    long before = file.byteSize();
    if (before > byteSize) {
      throw new CallerException(
          ErrorCode.PRECONDITION_FAILED,
          "%s has %d bytes, more than the %d asked for; ask for all of them or remove it"
              .formatted(file.path(), before, byteSize));
    }
    if (!wasMade && before > 0 && !reservesHoles(file, before)) {
      rewrite(file, before);
    }
    file.allocate(0, byteSize);
  }

  /** Reserves what is in the file already; false where the file system cannot be asked for it. */
  private static boolean reservesHoles(DiskFile file, long byteSize) {
    return Posix.find()
        .map(calls -> calls.fallocate((int) file.descriptor(), 0, 0, byteSize))
        .filter(result -> result == 0 || !Errno.isMissingOperation(-result))
        .isPresent(); // Of other failures allocate speaks, which asks for the same.
  }

  /** Writes every byte of a file back to its place: holes get their space that way. */
  private static void rewrite(DiskFile file, long byteSize) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(Math.min(COPY_BYTE_SIZE, byteSize));
      for (long position = 0; position < byteSize; position += buffer.byteSize()) {
        MemorySegment piece = buffer.asSlice(0, Math.min(buffer.byteSize(), byteSize - position));
        file.readFully(position, piece);
        file.writeFully(position, piece);
      }
    }
  }

  /** An interrupt closes the channel while it maps; the thread stays interrupted. */
  private static MemorySegment map(DiskFile file, long byteSize, Arena arena) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return mapOnce(file, byteSize, arena);
        } catch (ClosedByInterruptException e) {
          interrupted = Thread.interrupted();
        }
      }
    } catch (IOException | OutOfMemoryError e) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "cannot map %d bytes of %s: %s; map less, or raise ulimit -v or vm.max_map_count"
              .formatted(byteSize, file.path(), e.getMessage()),
          byteSize,
          0,
          e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static MemorySegment mapOnce(DiskFile file, long byteSize, Arena arena)
      throws IOException {
    try (FileChannel channel =
        FileChannel.open(reachable(file), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return channel.map(FileChannel.MapMode.READ_WRITE, 0, byteSize, arena);
    }
  }

  /** The very file that was reserved, whatever has its name now. */
  private static Path reachable(DiskFile file) {
    Path descriptor = Path.of("/proc/self/fd/" + file.descriptor());
    return Files.exists(descriptor) ? descriptor : file.path();
  }
}
