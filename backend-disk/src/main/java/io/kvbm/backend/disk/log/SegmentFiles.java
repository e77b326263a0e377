package io.kvbm.backend.disk.log;

import io.kvbm.api.BackendException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.backend.disk.io.IoCallback;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.IoRequest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The files of one log, in a directory of its own. Calls block: they are made on a {@link Lane}.
 */
final class SegmentFiles {

  static final String SUFFIX = ".log";
  static final String BROKEN_SUFFIX = ".broken";
  private static final String UNFINISHED_SUFFIX = ".tmp";
  private static final String UNFINISHED = "unfinished" + UNFINISHED_SUFFIX;

  /** A segment of zeros that has no number yet. */
  private static final String RESERVE = "reserve";

  private static final String LOCK = "lock";
  private static final IoCallback NOBODY = (_, _) -> {};

  /** What segments are zeroed with; nobody writes to it. */
  private static final MemorySegment ZEROS =
      Arena.global().allocate(1 << 20, SegmentHeader.PAGE).asReadOnly();

  private final Disk disk;
  private final IoEngine engine;
  private final Path directory;
  private final LogSettings settings;
  private final LogChecks checks;
  private volatile boolean direct;

  SegmentFiles(Disk disk, IoEngine engine, Path directory, LogSettings settings, LogChecks checks) {
    this.disk = disk;
    this.engine = engine;
    this.directory = directory;
    this.settings = settings;
    this.checks = checks;
    this.direct = settings.direct();
  }

  Path directory() {
    return directory;
  }

  IoEngine engine() {
    return engine;
  }

  LogSettings settings() {
    return settings;
  }

  LogChecks checks() {
    return checks;
  }

  /** Makes the directory where it is missing, its name durable. */
  void makeDirectory() {
    boolean wasThere = disk.exists(directory);
    disk.createDirectories(directory);
    Path parent = directory.getParent();
    if (parent == null) {
      return;
    }
    syncDirectory(parent);
    for (Path path = parent.getParent(); path != null; path = path.getParent()) {
      try {
        // Also where it was there: a former process may have died before it got here.
        syncDirectory(path);
      } catch (BackendException e) {
        if (!wasThere) {
          throw e;
        }
        return; // a directory this user may not read, made by somebody else
      }
    }
  }

  Disk.DiskLock lock() {
    return disk.lock(directory.resolve(LOCK));
  }

  /** {@return the segments, oldest first} What was being made when a process died is removed. */
  List<Path> list() {
    List<Path> found = disk.list(directory);
    found.stream().filter(path -> hasSuffix(path, UNFINISHED_SUFFIX)).forEach(disk::unlink);
    return found.stream().filter(path -> hasSuffix(path, SUFFIX)).toList();
  }

  private static boolean hasSuffix(Path path, String suffix) {
    return String.valueOf(path.getFileName()).endsWith(suffix);
  }

  Path path(long number) {
    return directory.resolve("%016d%s".formatted(number, SUFFIX));
  }

  DiskFile openToRead(Path path) {
    return open(path, EnumSet.of(OpenOption.READ));
  }

  DiskFile openToRepair(Path path) {
    return open(path, EnumSet.of(OpenOption.READ, OpenOption.WRITE));
  }

  private DiskFile open(Path path, Set<OpenOption> options) {
    if (direct) {
      EnumSet<OpenOption> bypassing = EnumSet.copyOf(options);
      bypassing.add(OpenOption.DIRECT);
      DiskFile file = openDirect(path, bypassing);
      if (file != null) {
        return file;
      }
    }
    return disk.open(path, options);
  }

  private @Nullable DiskFile openDirect(Path path, Set<OpenOption> options) {
    DiskFile file;
    try {
      file = disk.open(path, options);
    } catch (BackendException e) {
      direct = false; // a file system that cannot; anything else comes back with the next call
      return null;
    }
    if (file.alignment() <= SegmentHeader.PAGE) {
      return file;
    }
    file.close();
    direct = false;
    return null;
  }

  /** {@return a file of zeros with a length, durable: the one a former run left, or a new one} */
  DiskFile prepare() {
    Path reserve = directory.resolve(RESERVE);
    if (disk.exists(reserve)) {
      DiskFile left = openToRepair(reserve);
      if (left.byteSize() == settings.segmentByteSize()) {
        return left; // its first page may have been written to; it will be again
      }
      left.close();
      disk.unlink(reserve);
    }
    makeReserve(directory.resolve(UNFINISHED), reserve);
    return openToRepair(reserve);
  }

  private void makeReserve(Path unfinished, Path reserve) {
    EnumSet<OpenOption> fresh =
        EnumSet.of(OpenOption.READ, OpenOption.WRITE, OpenOption.CREATE, OpenOption.TRUNCATE);
    try (DiskFile file = open(unfinished, fresh)) {
      file.allocate(0, settings.segmentByteSize());
      for (long at = 0; at < settings.segmentByteSize(); at += ZEROS.byteSize()) {
        long count = Math.min(ZEROS.byteSize(), settings.segmentByteSize() - at);
        write(file, at, ZEROS.asSlice(0, count));
      }
      syncAll(file);
    } catch (KvbmException e) {
      discard(unfinished, e);
      throw e;
    }
    disk.rename(unfinished, reserve);
    syncDirectory(directory);
  }

  private void discard(Path path, KvbmException reason) {
    try {
      disk.unlink(path);
    } catch (KvbmException e) {
      reason.addSuppressed(e);
    }
  }

  /** Gives the reserve its header and a name of its own; both are durable then. */
  Segment name(DiskFile prepared, SegmentHeader header) {
    SegmentHeader written;
    try (Arena arena = engine.newArena()) {
      MemorySegment page = arena.allocate(SegmentHeader.PAGE, SegmentHeader.PAGE);
      written = header.encode(page);
      write(prepared, 0, page);
    }
    sync(prepared);
    Path path = path(header.number());
    disk.rename(directory.resolve(RESERVE), path);
    syncDirectory(directory);
    return new Segment(written, path);
  }

  /** Removes the name of a segment, for good, and what was put aside of it. */
  void remove(Path path) {
    disk.unlink(path);
    Path broken = brokenCopy(path);
    if (disk.exists(broken)) {
      disk.unlink(broken);
    }
    syncDirectory(directory);
  }

  private static Path brokenCopy(Path segment) {
    return segment.resolveSibling(segment.getFileName() + BROKEN_SUFFIX);
  }

  /** {@return whether there was room to copy a part of a segment that is no record beside it} */
  boolean keepBroken(DiskFile segment, long from, long to) {
    Path path = segment.path();
    EnumSet<OpenOption> fresh =
        EnumSet.of(OpenOption.WRITE, OpenOption.CREATE, OpenOption.TRUNCATE);
    try (DiskFile target = disk.open(brokenCopy(path), fresh);
        SegmentReader reader = new SegmentReader(engine, segment, to)) {
      for (long at = from & -SegmentHeader.PAGE; at < to; at += SegmentHeader.PAGE) {
        long position = at - (from & -SegmentHeader.PAGE);
        write(target, position, reader.bytes(at, SegmentHeader.PAGE));
      }
      syncAll(target);
    } catch (CapacityException e) {
      discard(brokenCopy(path), e);
      return false;
    }
    syncDirectory(directory);
    return true;
  }

  void write(DiskFile file, long position, MemorySegment bytes) {
    engine.run(List.of(IoRequest.write(file, position, bytes, NOBODY)));
  }

  void read(DiskFile file, long position, MemorySegment bytes) {
    engine.run(List.of(IoRequest.read(file, position, bytes, NOBODY)));
  }

  void sync(DiskFile file) {
    if (checks.syncs()) {
      engine.run(List.of(IoRequest.sync(file, NOBODY)));
    }
  }

  /** Syncs with the length. */
  void syncAll(DiskFile file) {
    if (checks.syncs()) {
      file.sync(true);
    }
  }

  void syncDirectory(Path path) {
    if (checks.directorySyncs()) {
      disk.syncDirectory(path);
    }
  }
}
