package io.kvbm.backend.disk.io;

import static java.lang.foreign.ValueLayout.ADDRESS;
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

/**
 * The system calls around io_uring. Each returns what the kernel returned, or the negated error
 * number.
 *
 * <p>Not final so that tests can make a call fail. Threading: safe from any thread, but for {@link
 * #enter}, which one thread at a time may call per instance.
 */
@SuppressWarnings("restricted")
class UringCalls {

  // The numbers are the same on every processor.
  private static final long IO_URING_SETUP = 425;
  private static final long IO_URING_ENTER = 426;
  private static final long IO_URING_REGISTER = 427;

  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_SHARED_POPULATE = 0x8001;
  private static final int EFD_CLOEXEC = 0x80000;

  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));

  // Constants, so that the compiler sees through them: an instance's handle costs a call each.
  private static final MethodHandle SETUP =
      call(
          "syscall",
          FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS),
          Linker.Option.firstVariadicArg(1));
  private static final MethodHandle ENTER =
      call(
          "syscall",
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG),
          Linker.Option.firstVariadicArg(1));
  private static final MethodHandle REGISTER =
      call(
          "syscall",
          FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT),
          Linker.Option.firstVariadicArg(1));
  private static final MethodHandle MMAP =
      call(
          "mmap",
          FunctionDescriptor.of(
              JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle MUNMAP =
      call("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle EVENTFD =
      call("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle WRITE =
      call("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle CLOSE =
      call("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

  private static final MemorySegment ONE = Arena.global().allocateFrom(JAVA_LONG, 1L);

  /** Where {@link #enter} finds the error number without allocating; freed with the instance. */
  private final MemorySegment enterState = Arena.ofAuto().allocate(STATE);

  /** {@return the descriptor of a new ring} */
  int setup(int entries, MemorySegment parameters) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      long result = (long) SETUP.invokeExact(state, IO_URING_SETUP, entries, parameters);
      return result >= 0 ? (int) result : -errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Submits and waits. {@return how many were submitted} */
  int enter(
      int ring,
      int submit,
      int complete,
      int flags,
      MemorySegment argument,
      long argumentByteSize) {
    try {
      long result =
          (long)
              ENTER.invokeExact(
                  enterState,
                  IO_URING_ENTER,
                  ring,
                  submit,
                  complete,
                  flags,
                  argument,
                  argumentByteSize);
      return result >= 0 ? (int) result : -errno(enterState);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  int register(int ring, int operation, MemorySegment argument, int count) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      long result =
          (long) REGISTER.invokeExact(state, IO_URING_REGISTER, ring, operation, argument, count);
      return result >= 0 ? (int) result : -errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** {@return the address of shared memory of a ring} */
  long map(int ring, long byteSize, long offset) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      long result =
          (long)
              MMAP.invokeExact(
                  state,
                  MemorySegment.NULL,
                  byteSize,
                  PROT_READ_WRITE,
                  MAP_SHARED_POPULATE,
                  ring,
                  offset);
      return result == -1 ? -errno(state) : result;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  int unmap(MemorySegment mapping) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      int result = (int) MUNMAP.invokeExact(state, mapping, mapping.byteSize());
      return result == 0 ? 0 : -errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** {@return the descriptor of a new event counter} */
  int eventCounter() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      int result = (int) EVENTFD.invokeExact(state, 0, EFD_CLOEXEC);
      return result >= 0 ? result : -errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Adds one to an event counter. */
  void signal(int eventCounter) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      long ignored = (long) WRITE.invokeExact(state, eventCounter, ONE, (long) Long.BYTES);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  void close(int descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      int ignored = (int) CLOSE.invokeExact(state, descriptor);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static int errno(MemorySegment state) {
    return (int) ERRNO.get(state, 0L);
  }

  private static MethodHandle call(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    Linker.Option[] all = new Linker.Option[options.length + 1];
    all[0] = Linker.Option.captureCallState("errno");
    System.arraycopy(options, 0, all, 1, options.length);
    MemorySegment symbol =
        Linker.nativeLinker()
            .defaultLookup()
            .find(name)
            .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no " + name));
    return Linker.nativeLinker().downcallHandle(symbol, descriptor, all);
  }

  /** A method handle declares every exception; these calls throw none but an error of the JVM. */
  private static Error unexpected(Throwable thrown) {
    return thrown instanceof Error error ? error : new AssertionError(thrown);
  }
}
