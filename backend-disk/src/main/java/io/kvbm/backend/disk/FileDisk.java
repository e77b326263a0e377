package io.kvbm.backend.disk;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.backend.disk.file.Errno;
import io.kvbm.backend.disk.file.FileErrors;
import io.kvbm.backend.disk.file.Pages;
import io.kvbm.backend.disk.file.Posix;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of this machine, through {@link FileChannel}s.
 *
 * <p>Where the C library can be called, a file is opened by {@code open(2)} and its channel is a
 * view of that descriptor, opened through {@code /proc/self/fd}: the JDK hides the descriptor of a
 * channel it opened itself, and reservation, holes, registration with other libraries and surviving
 * an interrupt all need it. Elsewhere the channel is all there is: space is reserved by writing
 * zeros and {@link DiskFile#descriptor()} is a number of our own.
 */
public final class FileDisk implements Disk {

  private static final int EXPLICIT_MODE = 0644;
  private static final int TEMPORARY_MODE = 0600;
  private static final String PLACEHOLDER = "XXXXXX";
  private static final String SUFFIX_CHARACTERS =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  private static final int TEMPORARY_ATTEMPTS = 1000;
  private static final int MIN_DIRECT_ALIGNMENT = 4096;

  /** They take the flag for direct access, and the page cache is all they have. */
  private static final Set<String> MEMORY_FILE_SYSTEMS = Set.of("tmpfs", "ramfs");

  /** Above every descriptor a kernel gives out. */
  private static final AtomicLong NUMBERS = new AtomicLong(1L << 32);

  private final @Nullable Posix posix;
  private final FileErrors errors;
  private final boolean zeroFill;
  private final boolean directAtOpen;

  /**
   * Uses the C library where it can; reserves by writing zeros where a file system cannot reserve.
   */
  public FileDisk() {
    this(true, false);
  }

  /**
   * Creates a disk.
   *
   * @param zeroFill whether zeros are written where a file system cannot reserve; otherwise the
   *     file is only made longer and a later write may run out of space
   * @param directAtOpen whether direct access is asked for while opening instead of right after it,
   *     for file systems that refuse the change
   */
  public FileDisk(boolean zeroFill, boolean directAtOpen) {
    this(Posix.find().orElse(null), zeroFill, directAtOpen);
  }

  FileDisk(@Nullable Posix posix, boolean zeroFill, boolean directAtOpen) {
    this.posix = posix;
    this.errors = new FileErrors(posix);
    this.zeroFill = zeroFill;
    this.directAtOpen = directAtOpen;
  }

  @Override
  public String name() {
    return "file";
  }

  @Override
  public DiskFile open(Path path, Set<OpenOption> options) {
    return open(path, options, EXPLICIT_MODE);
  }

  @Override
  public DiskFile openTemporary(Path template, Set<OpenOption> options) {
    String name = String.valueOf(template.getFileName());
    int start = name.lastIndexOf(PLACEHOLDER);
    if (start < 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "template " + template + " has no " + PLACEHOLDER + " in its last name to replace");
    }
    EnumSet<OpenOption> exclusive = EnumSet.of(OpenOption.CREATE_NEW);
    exclusive.addAll(options);
    for (int attempt = 1; ; attempt++) {
      String made =
          name.substring(0, start) + randomSuffix() + name.substring(start + PLACEHOLDER.length());
      try {
        return open(template.resolveSibling(made), exclusive, TEMPORARY_MODE);
      } catch (CallerException e) {
        if (e.code() != ErrorCode.PRECONDITION_FAILED || attempt == TEMPORARY_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private static String randomSuffix() {
    StringBuilder suffix = new StringBuilder(PLACEHOLDER.length());
    for (int i = 0; i < PLACEHOLDER.length(); i++) {
      int index = ThreadLocalRandom.current().nextInt(SUFFIX_CHARACTERS.length());
      suffix.append(SUFFIX_CHARACTERS.charAt(index));
    }
    return suffix.toString();
  }

  private DiskFile open(Path path, Set<OpenOption> options, int mode) {
    return posix == null
        ? openPortable(path, options, mode)
        : openNative(posix, path, options, mode);
  }

  private DiskFile openNative(Posix calls, Path path, Set<OpenOption> options, int mode) {
    int made = calls.open(path, flags(options), mode);
    if (made < 0) {
      throw errors.of(-made, "open", path, 0);
    }
    int descriptor = made;
    try {
      if (options.contains(OpenOption.DIRECT)) {
        descriptor = makeDirect(calls, made, path, options);
      }
      Path view = Path.of("/proc/self/fd/" + descriptor);
      Set<java.nio.file.OpenOption> viewOptions = viewOptions(options);
      int alignment = alignment(path, options);
      FileChannel channel = FileChannel.open(view, viewOptions);
      return new ChannelFile(
          path, view, viewOptions, channel, descriptor, alignment, zeroFill, calls, errors);
    } catch (UnsupportedOperationException e) {
      calls.close(descriptor);
      throw withoutTrace(path, options, notDirect(path));
    } catch (IOException e) {
      calls.close(descriptor);
      throw withoutTrace(path, options, errors.translate(e, "open", path));
    } catch (KvbmException e) {
      calls.close(descriptor);
      throw withoutTrace(path, options, e);
    }
  }

  /** Returns the descriptor that is direct: the same, or another in its place. */
  private int makeDirect(Posix calls, int descriptor, Path path, Set<OpenOption> options) {
    int result;
    if (directAtOpen) {
      int access = access(options) | calls.directFlag();
      result = calls.open(Path.of("/proc/self/fd/" + descriptor), access, 0);
    } else {
      result = calls.setDirect(descriptor);
    }
    boolean refused = result < 0 || calls.deniesDirect(descriptor);
    if (refused && directAtOpen && result >= 0) {
      calls.close(result);
    }
    if (refused) {
      throw notDirect(path, result < 0 ? -result : Errno.EOPNOTSUPP);
    }
    if (directAtOpen) {
      calls.close(descriptor);
      return result;
    }
    return descriptor;
  }

  private KvbmException notDirect(Path path) {
    return notDirect(path, Errno.EOPNOTSUPP);
  }

  /** Names the directory: the file may have a name of the moment, and its neighbours fare alike. */
  private KvbmException notDirect(Path path, int errno) {
    Path directory = path.toAbsolutePath().getParent();
    return errors.of(errno, "bypass the page cache in", directory == null ? path : directory, 0);
  }

  private DiskFile openPortable(Path path, Set<OpenOption> options, int mode) {
    FileChannel channel = null;
    try {
      Set<java.nio.file.OpenOption> viewOptions = viewOptions(options);
      channel =
          FileChannel.open(path, makingOptions(options, viewOptions), permissions(path, mode));
      int alignment = alignment(path, options);
      long number = NUMBERS.getAndIncrement();
      return new ChannelFile(
          path, path, viewOptions, channel, number, alignment, zeroFill, null, errors);
    } catch (UnsupportedOperationException e) {
      KvbmException failure = notDirect(path);
      closeQuietly(channel, failure);
      throw withoutTrace(path, options, failure);
    } catch (IOException e) {
      KvbmException failure = errors.translate(e, "open", path);
      closeQuietly(channel, failure);
      boolean wasThere = failure.code() == ErrorCode.PRECONDITION_FAILED;
      throw wasThere ? failure : withoutTrace(path, options, failure);
    } catch (KvbmException e) {
      closeQuietly(channel, e);
      throw withoutTrace(path, options, e);
    }
  }

  private static Set<java.nio.file.OpenOption> makingOptions(
      Set<OpenOption> options, Set<java.nio.file.OpenOption> viewOptions) {
    Set<java.nio.file.OpenOption> making = new HashSet<>(viewOptions);
    if (options.contains(OpenOption.CREATE)) {
      making.add(StandardOpenOption.CREATE);
    }
    if (options.contains(OpenOption.CREATE_NEW)) {
      making.add(StandardOpenOption.CREATE_NEW);
    }
    if (options.contains(OpenOption.TRUNCATE)) {
      making.add(StandardOpenOption.TRUNCATE_EXISTING);
    }
    return making;
  }

  private static void closeQuietly(@Nullable FileChannel channel, KvbmException failure) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /** A file that could not be opened after it was made is removed. */
  private KvbmException withoutTrace(Path path, Set<OpenOption> options, KvbmException failure) {
    if (options.contains(OpenOption.CREATE_NEW)) {
      try {
        Files.deleteIfExists(path);
      } catch (IOException e) {
        failure.addSuppressed(e);
      }
    }
    return failure;
  }

  private static int flags(Set<OpenOption> options) {
    int flags = access(options);
    if (options.contains(OpenOption.CREATE)) {
      flags |= Posix.O_CREAT;
    }
    if (options.contains(OpenOption.CREATE_NEW)) {
      flags |= Posix.O_CREAT | Posix.O_EXCL;
    }
    return options.contains(OpenOption.TRUNCATE) ? flags | Posix.O_TRUNC : flags;
  }

  private static int access(Set<OpenOption> options) {
    if (!options.contains(OpenOption.WRITE)) {
      return 0;
    }
    return options.contains(OpenOption.READ) ? Posix.O_RDWR : Posix.O_WRONLY;
  }

  private static Set<java.nio.file.OpenOption> viewOptions(Set<OpenOption> options) {
    Set<java.nio.file.OpenOption> view = new HashSet<>();
    if (options.contains(OpenOption.READ) || !options.contains(OpenOption.WRITE)) {
      view.add(StandardOpenOption.READ);
    }
    if (options.contains(OpenOption.WRITE)) {
      view.add(StandardOpenOption.WRITE);
    }
    if (options.contains(OpenOption.DIRECT)) {
      view.add(DirectOption.get());
    }
    return Set.copyOf(view);
  }

  /** The kernel would often do with 512, the JDK insists on the block size of the file system. */
  private int alignment(Path path, Set<OpenOption> options) throws IOException {
    if (!options.contains(OpenOption.DIRECT)) {
      return 1;
    }
    FileStore store = Files.getFileStore(path);
    if (MEMORY_FILE_SYSTEMS.contains(store.type())) {
      throw notDirect(path);
    }
    long blockByteSize = Math.max(MIN_DIRECT_ALIGNMENT, store.getBlockSize());
    if (blockByteSize > Pages.ALIGNMENT || Long.bitCount(blockByteSize) != 1) {
      throw errors.of(Errno.EINVAL, "align to " + blockByteSize + " bytes for", path, 0);
    }
    return (int) blockByteSize;
  }

  private static FileAttribute<?>[] permissions(Path path, int mode) {
    if (!path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      return new FileAttribute<?>[0];
    }
    String text = mode == TEMPORARY_MODE ? "rw-------" : "rw-r--r--";
    return new FileAttribute<?>[] {
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(text))
    };
  }

  @Override
  public boolean exists(Path path) {
    return Files.exists(path);
  }

  @Override
  public List<Path> list(Path directory) {
    return perform(
        "list",
        directory,
        () -> {
          try (Stream<Path> entries = Files.list(directory)) {
            return entries.sorted().toList();
          }
        });
  }

  @Override
  public void createDirectories(Path directory) {
    perform("create directory", directory, () -> Files.createDirectories(directory));
  }

  @Override
  public void rename(Path source, Path target) {
    perform(
        "rename to " + target + " the file",
        source,
        () -> Files.move(source, target, StandardCopyOption.ATOMIC_MOVE));
  }

  @Override
  public void unlink(Path path) {
    perform(
        "unlink",
        path,
        () -> {
          if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            throw errors.of(Errno.EISDIR, "unlink", path, 0);
          }
          Files.delete(path);
          return path;
        });
  }

  @Override
  public void syncDirectory(Path directory) {
    perform(
        "sync directory",
        directory,
        () -> {
          try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
          }
          return directory;
        });
  }

  @Override
  public DiskLock lock(Path path) {
    return perform("lock", path, () -> LockFile.acquire(path));
  }

  @Override
  public long usableByteSize(Path path) {
    return perform(
        "look at",
        path,
        () -> {
          FileStore store = Files.getFileStore(path);
          return store.getUsableSpace();
        });
  }

  /** Runs a call again that an interrupt ended; the thread stays interrupted. */
  private <T> T perform(String action, Path path, PathCall<T> call) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return call.run();
        } catch (ClosedByInterruptException e) {
          interrupted = Thread.interrupted();
        }
      }
    } catch (IOException e) {
      throw errors.translate(e, action, path);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @FunctionalInterface
  private interface PathCall<T> {
    T run() throws IOException;
  }
}
