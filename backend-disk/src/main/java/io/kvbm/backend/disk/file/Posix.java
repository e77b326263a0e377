package io.kvbm.backend.disk.file;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntSupplier;

/**
 * The system calls on files that Java has no method for. Linux on x86-64 and AArch64.
 *
 * <p>Each call returns what it made, or the negated error number. Threading: safe from any thread;
 * the calls block.
 */
@SuppressWarnings("restricted")
public final class Posix {

  public static final int O_WRONLY = 1;
  public static final int O_RDWR = 2;
  public static final int O_CREAT = 0x40;
  public static final int O_EXCL = 0x80;
  public static final int O_TRUNC = 0x200;
  public static final int O_CLOEXEC = 0x80000;

  public static final int FALLOCATE_KEEP_SIZE = 1;
  public static final int FALLOCATE_PUNCH_HOLE = 2;

  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int STATX_DIOALIGN = 0x2000;
  private static final int STATX_BYTE_SIZE = 256;
  private static final int STATX_MASK_OFFSET = 0;
  private static final int STATX_DIO_MEM_ALIGN_OFFSET = 0x98;
  private static final int STATX_DIO_OFFSET_ALIGN_OFFSET = 0x9c;
  private static final long FS_IOC_GETFLAGS = 0x80086601L;

  /** Indices into {@link #fileSystemNumbers}, which are those of the words of struct statvfs. */
  public static final int BLOCK_BYTE_SIZE = 1;

  public static final int BLOCKS = 2;
  public static final int USABLE_BLOCKS = 4;
  public static final int INODES = 5;
  public static final int USABLE_INODES = 7;

  private static final int STATVFS_BYTE_SIZE = 112;
  private static final int STATVFS_WORDS = 8;

  /** The number of the call on every processor. */
  private static final long IO_URING_SETUP = 425;

  private static final int IO_URING_PARAMS_BYTE_SIZE = 120;

  private static final int PROT_READ_WRITE = 0x3;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
  private static final int MADV_HUGEPAGE = 14;

  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));

  /** What the JDK encodes file names in; it follows the locale and need not be UTF-8. */
  private static final Charset FILE_NAMES =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

  /** O_DIRECT is one of the few flags whose value depends on the processor. */
  private final int directFlag;

  private final MethodHandle open;
  private final MethodHandle close;
  private final MethodHandle fallocate;
  private final MethodHandle fcntl;
  private final MethodHandle ftruncate;
  private final MethodHandle statx;
  private final MethodHandle strerror;
  private final MethodHandle fstatvfs;
  private final MethodHandle ioctl;
  private final MethodHandle syscall;
  private final MethodHandle mmap;
  private final MethodHandle munmap;
  private final MethodHandle madvise;

  private Posix(int directFlag) {
    this.directFlag = directFlag;
    this.open =
        call(
            "open",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
            Linker.Option.firstVariadicArg(2));
    this.close = call("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    this.fallocate =
        call(
            "fallocate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    this.fcntl =
        call(
            "fcntl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT),
            Linker.Option.firstVariadicArg(2));
    this.ftruncate = call("ftruncate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
    this.statx =
        call(
            "statx",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS));
    this.fstatvfs = call("fstatvfs", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
    this.ioctl =
        call(
            "ioctl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
            Linker.Option.firstVariadicArg(2));
    this.syscall =
        call(
            "syscall",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS),
            Linker.Option.firstVariadicArg(1));
    this.mmap =
        call(
            "mmap",
            FunctionDescriptor.of(
                JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    this.munmap = call("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    this.madvise = call("madvise", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    this.strerror =
        Linker.nativeLinker()
            .downcallHandle(symbol("strerror"), FunctionDescriptor.of(ADDRESS, JAVA_INT));
  }

  /**
   * {@return the calls, or empty where this is another system, a call is missing, native access is
   * denied or {@code /proc} is not mounted}
   */
  public static Optional<Posix> find() {
    if (!System.getProperty("os.name", "").equals("Linux")
        || !Files.isDirectory(Path.of("/proc/self/fd"))) {
      return Optional.empty();
    }
    int directFlag =
        switch (System.getProperty("os.arch", "").toLowerCase(Locale.ROOT)) {
          case "amd64", "x86_64" -> 0x4000;
          case "aarch64" -> 0x10000;
          default -> 0;
        };
    if (directFlag == 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(new Posix(directFlag));
    } catch (UnsupportedOperationException | LinkageError | IllegalCallerException e) {
      System.getLogger(Posix.class.getName())
          .log(System.Logger.Level.DEBUG, "no native file calls: {0}", e.toString());
      return Optional.empty();
    }
  }

  /** {@return the flag that bypasses the page cache} */
  public int directFlag() {
    return directFlag;
  }

  /** {@return the new descriptor} */
  public int open(Path path, int flags, int mode) {
    return untilDone(() -> openOnce(path, flags, mode));
  }

  private int openOnce(Path path, int flags, int mode) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      MemorySegment name = nameOf(path, arena);
      int result = (int) open.invokeExact(state, name, flags | O_CLOEXEC, mode);
      return result >= 0 ? result : -errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** The bytes the JDK itself would pass, ended by a zero. */
  private static MemorySegment nameOf(Path path, Arena arena) {
    byte[] bytes = path.toString().getBytes(FILE_NAMES);
    MemorySegment name = arena.allocate(bytes.length + 1L);
    MemorySegment.copy(bytes, 0, name, JAVA_BYTE, 0, bytes.length);
    return name;
  }

  /** Closes a descriptor. It is gone even where an error is returned. */
  public int close(int descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      return (int) close.invokeExact(state, descriptor) == 0 ? 0 : -errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  public int fallocate(int descriptor, int mode, long position, long length) {
    return untilDone(() -> fallocateOnce(descriptor, mode, position, length));
  }

  private int fallocateOnce(int descriptor, int mode, long position, long length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      int result = (int) fallocate.invokeExact(state, descriptor, mode, position, length);
      return result == 0 ? 0 : -errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Makes an open descriptor bypass the page cache. */
  public int setDirect(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL, 0);
    return flags < 0 ? flags : fcntl(descriptor, F_SETFL, flags | directFlag);
  }

  private int fcntl(int descriptor, int command, int argument) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      int result = (int) fcntl.invokeExact(state, descriptor, command, argument);
      return result >= 0 ? result : -errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  public int truncate(int descriptor, long byteSize) {
    return untilDone(() -> truncateOnce(descriptor, byteSize));
  }

  private int truncateOnce(int descriptor, long byteSize) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      return (int) ftruncate.invokeExact(state, descriptor, byteSize) == 0 ? 0 : -errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * {@return whether the file system says that it has no direct I/O for this file; false also where
   * it says nothing, as many do}
   */
  public boolean deniesDirect(int descriptor) {
    return directAlignment(descriptor).filter(alignment -> alignment.memory() == 0).isPresent();
  }

  /**
   * What direct access to a file needs at least.
   *
   * @param memory alignment of addresses in bytes; 0 where there is no direct access
   * @param offset alignment of positions and lengths in bytes
   */
  public record DirectAlignment(int memory, int offset) {}

  /** {@return what the file system says of an open file; empty where it says nothing} */
  public Optional<DirectAlignment> directAlignment(int descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      MemorySegment empty = arena.allocateFrom("");
      MemorySegment buffer = arena.allocate(STATX_BYTE_SIZE, Long.BYTES);
      int result =
          (int) statx.invokeExact(state, descriptor, empty, AT_EMPTY_PATH, STATX_DIOALIGN, buffer);
      return result == 0 && (buffer.get(JAVA_INT, STATX_MASK_OFFSET) & STATX_DIOALIGN) != 0
          ? Optional.of(
              new DirectAlignment(
                  buffer.get(JAVA_INT, STATX_DIO_MEM_ALIGN_OFFSET),
                  buffer.get(JAVA_INT, STATX_DIO_OFFSET_ALIGN_OFFSET)))
          : Optional.empty();
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** {@return the size and use of the file system of an open file, or empty if it fails} */
  public Optional<long[]> fileSystemNumbers(int descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      MemorySegment buffer = arena.allocate(STATVFS_BYTE_SIZE, Long.BYTES);
      int result = (int) fstatvfs.invokeExact(state, descriptor, buffer);
      return result == 0
          ? Optional.of(buffer.asSlice(0, STATVFS_WORDS * 8L).toArray(JAVA_LONG))
          : Optional.empty();
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** {@return the attributes that {@code lsattr} shows} */
  public int inodeFlags(int descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      MemorySegment flags = arena.allocate(JAVA_LONG);
      int result = (int) ioctl.invokeExact(state, descriptor, FS_IOC_GETFLAGS, flags);
      return result == 0 ? flags.get(JAVA_INT, 0) & Integer.MAX_VALUE : -errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** {@return the descriptor of a new io_uring of so many entries} */
  public int ioUringSetup(int entries) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      MemorySegment parameters = arena.allocate(IO_URING_PARAMS_BYTE_SIZE, Long.BYTES);
      long result = (long) syscall.invokeExact(state, IO_URING_SETUP, entries, parameters);
      return result >= 0 ? (int) result : -errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * {@return the address of zeroed memory of this process, whole pages; it is freed by unmapping}
   */
  long mapMemory(long byteSize) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      long address =
          (long)
              mmap.invokeExact(state, 0L, byteSize, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
      return address == -1 ? -errno(state) : address;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Gives back what {@link #mapMemory} gave. */
  int unmapMemory(long address, long byteSize) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      return (int) munmap.invokeExact(state, address, byteSize) == 0 ? 0 : -errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Asks for huge pages, of which the kernel gives some, all or none. */
  int adviseHugePages(long address, long byteSize) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      int result = (int) madvise.invokeExact(state, address, byteSize, MADV_HUGEPAGE);
      return result == 0 ? 0 : -errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * {@return the system's words for an error number, in the language the JDK puts into its
   * exceptions}
   */
  public String describe(int errno) {
    try {
      MemorySegment text = (MemorySegment) strerror.invokeExact(errno);
      return text.reinterpret(256).getString(0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Repeats a call that a signal interrupted before it did anything, as a profiler's do. */
  private static int untilDone(IntSupplier call) {
    int result = call.getAsInt();
    while (result == -Errno.EINTR) {
      result = call.getAsInt();
    }
    return result;
  }

  private static int errno(MemorySegment state) {
    return (int) ERRNO.get(state, 0L);
  }

  private static MethodHandle call(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    Linker.Option[] all = new Linker.Option[options.length + 1];
    all[0] = Linker.Option.captureCallState("errno");
    System.arraycopy(options, 0, all, 1, options.length);
    return Linker.nativeLinker().downcallHandle(symbol(name), descriptor, all);
  }

  private static MemorySegment symbol(String name) {
    return Linker.nativeLinker()
        .defaultLookup()
        .find(name)
        .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no " + name));
  }

  /** A method handle declares every exception; these calls throw none but an error of the JVM. */
  private static Error unexpected(Throwable thrown) {
    return thrown instanceof Error error ? error : new AssertionError(thrown);
  }
}
