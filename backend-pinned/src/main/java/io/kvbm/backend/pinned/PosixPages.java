package io.kvbm.backend.pinned;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The calls of the C library that map pages, place them and lock them (Linux, 64 bits). */
@SuppressWarnings("restricted")
final class PosixPages {

  static final int ENOMEM = 12;
  static final int EPERM = 1;

  private static final int PROT_READ_WRITE = 0x3;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
  private static final int MADV_HUGEPAGE = 14;
  private static final long SYS_MBIND = 237; // x86-64
  private static final int MPOL_PREFERRED = 1;
  private static final int RLIMIT_MEMLOCK = 8;
  private static final long CAP_IPC_LOCK = 1L << 14;
  private static final long MAX_NODES = 64;
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private static final MethodHandle MMAP =
      call("mmap", JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle MUNMAP = call("munmap", JAVA_LONG, JAVA_LONG);
  private static final MethodHandle MADVISE = call("madvise", JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final MethodHandle MLOCK = call("mlock", JAVA_LONG, JAVA_LONG);
  private static final MethodHandle GETRLIMIT = call("getrlimit", JAVA_INT, JAVA_LONG);
  private static final MethodHandle SYSCALL =
      call("syscall", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

  private PosixPages() {}

  /** Every result is widened to a long. */
  private static MethodHandle call(String name, MemoryLayout... arguments) {
    Linker linker = Linker.nativeLinker();
    boolean givesLong = name.equals("mmap") || name.equals("syscall");
    MethodHandle handle =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow(name),
            FunctionDescriptor.of(givesLong ? JAVA_LONG : JAVA_INT, arguments),
            Linker.Option.captureCallState("errno"));
    return handle.asType(handle.type().changeReturnType(long.class));
  }

  /** One call. */
  @FunctionalInterface
  private interface Call {
    long make(MemorySegment state, Arena arena) throws Throwable;
  }

  /** What a call gave, and the error number it left. */
  private record Result(long value, int errno) {}

  private static Result make(Call call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      long value = call.make(state, arena);
      return new Result(value, (int) ERRNO.get(state, 0L));
    } catch (Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a call of the C library has no exceptions", e);
    }
  }

  /**
   * What {@link #map} gave.
   *
   * @param address the first byte; 0 where it failed
   * @param errno why
   */
  record Mapping(long address, int errno) {}

  /** {@return new pages, untouched} */
  static Mapping map(long byteSize) {
    Result mapped =
        make(
            (state, _) ->
                (long)
                    MMAP.invokeExact(
                        state, 0L, byteSize, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L));
    return mapped.value() == -1 ? new Mapping(0, mapped.errno()) : new Mapping(mapped.value(), 0);
  }

  /** Gives pages back, and with them their lock. */
  static void unmap(long address, long byteSize) {
    make((state, _) -> (long) MUNMAP.invokeExact(state, address, byteSize));
  }

  /** Asks for huge pages; a kernel that gives none goes on with small ones. */
  static void adviseHugePages(long address, long byteSize) {
    make((state, _) -> (long) MADVISE.invokeExact(state, address, byteSize, MADV_HUGEPAGE));
  }

  /** Asks for pages of one node. {@return the error number, 0 if the kernel agreed} */
  static int prefer(long address, long byteSize, int node) {
    return errorOf(
        make(
            (state, arena) -> {
              MemorySegment mask = arena.allocateFrom(JAVA_LONG, 1L << node);
              return (long)
                  SYSCALL.invokeExact(
                      state,
                      SYS_MBIND,
                      address,
                      byteSize,
                      (long) MPOL_PREFERRED,
                      mask.address(),
                      MAX_NODES + 1,
                      0L);
            }));
  }

  /** Brings pages in and keeps them. {@return the error number, 0 if they are locked} */
  static int lock(long address, long byteSize) {
    return errorOf(make((state, _) -> (long) MLOCK.invokeExact(state, address, byteSize)));
  }

  private static int errorOf(Result result) {
    return result.value() == 0 ? 0 : result.errno();
  }

  /** {@return how many bytes this process may lock; -1 for any number} */
  static long lockLimit() {
    return mayLockAll(Path.of("/proc/self/status")) ? -1 : resourceLimit();
  }

  /** Whether the process has {@code CAP_IPC_LOCK}: then the limit is not asked for. */
  static boolean mayLockAll(Path status) {
    try (Stream<String> lines = Files.lines(status)) {
      return lines
          .filter(line -> line.startsWith("CapEff:"))
          .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
          .anyMatch(capabilities -> (capabilities & CAP_IPC_LOCK) != 0);
    } catch (IOException | UncheckedIOException | NumberFormatException _) {
      return false;
    }
  }

  /** {@return the limit of the process, whoever it is; -1 for none} */
  static long resourceLimit() {
    return make((state, arena) -> {
          MemorySegment limits = arena.allocate(JAVA_LONG, 2);
          long _ = (long) GETRLIMIT.invokeExact(state, RLIMIT_MEMLOCK, limits.address());
          return limits.get(JAVA_LONG, 0);
        })
        .value();
  }
}
