package io.kvbm.backend.disk;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.backend.disk.file.Pages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Makes scratch files: direct where that works and the page cache where it does not, with their
 * space reserved. A file that cannot be made leaves nothing behind.
 */
final class ScratchFiles {

  private static final String PLACEHOLDER = "XXXXXX";

  private static final System.Logger LOGGER = System.getLogger(ScratchFiles.class.getName());

  /** Directories whose lack of direct access was said: once is enough. */
  private static final Set<Path> REPORTED = ConcurrentHashMap.newKeySet();

  private final Disk disk;
  private final DirectAccess direct;

  ScratchFiles(Disk disk, DirectAccess direct) {
    this.disk = disk;
    this.direct = direct;
  }

  /**
   * Makes a file; the directories above it too.
   *
   * @param path its name, or a template if its last name holds {@code XXXXXX}; a file of that name
   *     is cut to nothing
   * @param byteSize its length, above 0
   */
  ScratchFile make(Path path, long byteSize) {
    Path absolute = path.toAbsolutePath();
    if (absolute.getParent() == null || absolute.getFileName() == null) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "disk cache path " + path + " has no parent directory; name a file");
    }
    disk.createDirectories(absolute.getParent());
    return switch (direct) {
      case OFF -> new ScratchFile(make(absolute, byteSize, false), "buffered: direct is false");
      case REQUIRED -> new ScratchFile(make(absolute, byteSize, true), "direct");
      case AUTO -> makeDirectOrBuffered(absolute, byteSize);
    };
  }

  private ScratchFile makeDirectOrBuffered(Path path, long byteSize) {
    try {
      return new ScratchFile(make(path, byteSize, true), "direct");
    } catch (BackendException e) {
      ScratchFile buffered =
          new ScratchFile(make(path, byteSize, false), "buffered: " + e.getMessage());
      report(path, e.getMessage());
      return buffered;
    }
  }

  private static void report(Path path, String reason) {
    if (REPORTED.add(path.getParent())) {
      LOGGER.log(
          System.Logger.Level.INFO,
          "files in {0} go through the page cache: {1}",
          path.getParent(),
          reason);
    }
  }

  private DiskFile make(Path path, long byteSize, boolean direct) {
    EnumSet<OpenOption> options = EnumSet.of(OpenOption.READ, OpenOption.WRITE);
    if (direct) {
      options.add(OpenOption.DIRECT);
    }
    boolean made = true;
    DiskFile file;
    if (isTemplate(path)) {
      file = disk.openTemporary(path, options);
    } else {
      made = !disk.exists(path);
      options.add(made ? OpenOption.CREATE_NEW : OpenOption.TRUNCATE);
      file = made ? disk.open(path, options) : cut(path, options);
    }
    try {
      reserve(file, byteSize);
      return file;
    } catch (KvbmException e) {
      discard(file, made, e);
      throw e;
    }
  }

  /** A file that is mapped must not become shorter: the mapping's owner would die of a signal. */
  private DiskFile cut(Path path, Set<OpenOption> options) {
    if (!FileMappings.mayBeMapped(disk, path)) {
      return disk.open(path, options);
    }
    try (Disk.DiskLock _ = FileMappings.lockOf(disk, path)) {
      return disk.open(path, options);
    }
  }

  static boolean isTemplate(Path path) {
    return path.getFileName().toString().contains(PLACEHOLDER);
  }

  private static void reserve(DiskFile file, long byteSize) {
    if (file.isDirect()) {
      probe(file);
    }
    file.allocate(0, byteSize);
    if (file.byteSize() != byteSize) {
      file.truncate(byteSize);
    }
  }

  /**
   * Some file systems take the flag and refuse the first read or write: they are asked for both.
   */
  private static void probe(DiskFile file) {
    int page = file.alignment();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(page, Pages.ALIGNMENT);
      AlignedIo.writePages(file, 0, buffer);
      if (AlignedIo.readPages(file, 0, buffer) < page) {
        throw new BackendException(
            ErrorCode.OPERATION_FAILED,
            "direct access to " + file.path() + " does not read back the page it wrote",
            null);
      }
    }
  }

  private void discard(DiskFile file, boolean made, KvbmException failure) {
    try {
      file.close();
      if (made) {
        disk.unlink(file.path());
      }
    } catch (KvbmException e) {
      failure.addSuppressed(e);
    }
  }
}
