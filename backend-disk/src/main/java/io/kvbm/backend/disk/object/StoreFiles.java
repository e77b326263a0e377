package io.kvbm.backend.disk.object;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.backend.disk.file.Errno;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The files of one store: their names, how they are opened, and those that are open, of which there
 * are never more than allowed. Threading: safe from any thread.
 */
final class StoreFiles implements AutoCloseable {

  private static final String SEGMENT = ".seg";
  private static final String OBJECT = ".obj";
  private static final int SEGMENT_DIGITS = 8;
  private static final int OBJECT_DIGITS = 16;
  private static final Pattern SEGMENT_NAME = Pattern.compile("\\d{8,18}\\.seg");
  private static final Pattern OBJECT_NAME = Pattern.compile("[0-9a-f]{16}\\.obj");

  private final Disk disk;
  private final Path directory;
  private final Path segments;
  private final Path objects;
  private final boolean directoriesSynced;
  private final int limit;
  private final Map<Long, Path> segmentPaths = new ConcurrentHashMap<>();
  private final Map<Path, Pin> open = new LinkedHashMap<>(16, 0.75f, true);
  private final Set<Safeguard> without;
  private volatile boolean direct;
  private volatile String access;

  StoreFiles(Disk disk, Path directory, StoreSettings settings) {
    this.disk = disk;
    this.directory = directory;
    this.segments = directory.resolve("segments");
    this.objects = directory.resolve("objects");
    this.without = settings.without();
    this.directoriesSynced = !without.contains(Safeguard.DIRECTORY_SYNC);
    this.limit = settings.maxOpenFiles();
    this.direct = settings.direct();
    this.access = settings.direct() ? "direct" : "buffered";
  }

  Disk disk() {
    return disk;
  }

  Path directory() {
    return directory;
  }

  Path segments() {
    return segments;
  }

  Path objects() {
    return objects;
  }

  Path readers() {
    return directory.resolve("readers");
  }

  Path segment(long number) {
    return segmentPaths.computeIfAbsent(
        number,
        wanted -> segments.resolve(padded(Long.toString(wanted), SEGMENT_DIGITS) + SEGMENT));
  }

  Path object(long id) {
    return objects.resolve(padded(Long.toHexString(id), OBJECT_DIGITS) + OBJECT);
  }

  private static String padded(String digits, int length) {
    return "0".repeat(Math.max(0, length - digits.length())) + digits;
  }

  /** {@return the number in a segment's name, or -1} */
  static long segmentNumber(Path path) {
    String name = path.getFileName().toString();
    return SEGMENT_NAME.matcher(name).matches()
        ? Long.parseLong(name.substring(0, name.length() - SEGMENT.length()))
        : -1;
  }

  /** {@return the number in an object's name, or 0} */
  static long objectId(Path path) {
    String name = path.getFileName().toString();
    return OBJECT_NAME.matcher(name).matches()
        ? Long.parseUnsignedLong(name.substring(0, OBJECT_DIGITS), 16)
        : 0;
  }

  List<Long> segmentNumbers() {
    List<Long> numbers = new ArrayList<>();
    for (Path path : withRoom(() -> disk.list(segments()))) {
      if (segmentNumber(path) >= 0) {
        numbers.add(segmentNumber(path));
      }
    }
    numbers.sort(null);
    return numbers;
  }

  /** {@return {@code direct}, or {@code buffered} and why} */
  String access() {
    return access;
  }

  void sync(DiskFile file) {
    if (!without.contains(Safeguard.SYNC)) {
      file.sync(true);
    }
  }

  void syncDirectory(Path path) {
    if (directoriesSynced) {
      withRoom(
          () -> {
            disk.syncDirectory(path);
            return path;
          });
    }
  }

  /** Opens a file, past the page cache if that works here. */
  DiskFile open(Path path, OpenOption... options) {
    return withRoom(() -> openOnce(path, options));
  }

  /** Opens a file through the page cache. */
  DiskFile openBuffered(Path path, Set<OpenOption> options) {
    return withRoom(() -> disk.open(path, options));
  }

  /** Where the system lets this process open no more files, those that nobody uses make room. */
  private <T> T withRoom(Supplier<T> opening) {
    try {
      return opening.get();
    } catch (BackendException e) {
      if (!isOutOfFiles(e) || !closeIdle()) {
        throw e;
      }
      return opening.get();
    }
  }

  private static boolean isOutOfFiles(BackendException e) {
    return e.nativeCode() == Errno.EMFILE || e.nativeCode() == Errno.ENFILE;
  }

  private synchronized boolean closeIdle() {
    boolean closed = false;
    for (Iterator<Pin> pins = open.values().iterator(); pins.hasNext(); ) {
      Pin pin = pins.next();
      if (pin.count == 0) {
        pins.remove();
        pin.file.close();
        closed = true;
      }
    }
    return closed;
  }

  private DiskFile openOnce(Path path, OpenOption... options) {
    EnumSet<OpenOption> all = EnumSet.of(OpenOption.READ, options);
    if (direct) {
      EnumSet<OpenOption> direct = EnumSet.copyOf(all);
      direct.add(OpenOption.DIRECT);
      try {
        DiskFile file = disk.open(path, direct);
        if (file.alignment() <= Format.PAGE) {
          return file;
        }
        degrade("pages of " + file.alignment() + " bytes");
        file.close();
        all.remove(OpenOption.CREATE_NEW);
      } catch (BackendException e) {
        if (isOutOfFiles(e)) {
          throw e; // says nothing of direct access
        }
        degrade(e.getMessage());
      }
    }
    return disk.open(path, all);
  }

  /**
   * {@return an existing file, open for reading through the page cache whatever the others are, or
   * null if there is none} It is no pinned one: the caller closes it, soon.
   */
  @Nullable DiskFile tryOpenCached(Path path) {
    try {
      return openBuffered(path, EnumSet.of(OpenOption.READ));
    } catch (CallerException e) {
      if (e.code() == ErrorCode.NOT_FOUND) {
        return null;
      }
      throw e;
    }
  }

  private void degrade(String reason) {
    direct = false;
    access = "buffered: " + reason;
  }

  /** An open file that stays open while it is pinned. */
  final class Pin implements AutoCloseable {
    private final DiskFile file;
    private int count;
    private boolean forgotten;

    private Pin(DiskFile file) {
      this.file = file;
    }

    DiskFile file() {
      return file;
    }

    @Override
    public void close() {
      synchronized (StoreFiles.this) {
        count--;
        if (count == 0 && forgotten) {
          file.close();
        }
      }
    }
  }

  /**
   * {@return an existing file, open for reading, or null if there is none; the caller closes the
   * pin}
   */
  synchronized @Nullable Pin tryPin(Path path) {
    Pin pin = open.get(path);
    if (pin == null) {
      makeRoom();
      try {
        pin = new Pin(open(path));
      } catch (CallerException e) {
        if (e.code() == ErrorCode.NOT_FOUND) {
          return null;
        }
        throw e;
      }
      open.put(path, pin);
    }
    pin.count++;
    return pin;
  }

  private void makeRoom() {
    for (Iterator<Pin> pins = open.values().iterator(); open.size() >= limit && pins.hasNext(); ) {
      Pin pin = pins.next();
      if (pin.count == 0) {
        pins.remove();
        pin.file.close();
      }
    }
    if (open.size() >= limit) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "limit maxOpenFiles of %d files is reached, all are in use; raise it or read less at once"
              .formatted(limit),
          1,
          0);
    }
  }

  /** Closes a file as soon as nobody uses it; it may be opened again. */
  synchronized void forget(Path path) {
    Pin pin = open.remove(path);
    if (pin != null) {
      pin.forgotten = true;
      if (pin.count == 0) {
        pin.file.close();
      }
    }
  }

  /** Removes a file's name if it has one. */
  void unlink(Path path) {
    forget(path);
    segmentPaths.values().remove(path);
    try {
      disk.unlink(path);
    } catch (CallerException e) {
      if (e.code() != ErrorCode.NOT_FOUND) {
        throw e;
      }
    }
  }

  @Override
  public synchronized void close() {
    KvbmException failure = null;
    for (Pin pin : open.values()) {
      pin.forgotten = true;
      if (pin.count == 0) {
        try {
          pin.file.close();
        } catch (KvbmException e) {
          failure = e;
        }
      }
    }
    open.clear();
    if (failure != null) {
      throw failure;
    }
  }
}
