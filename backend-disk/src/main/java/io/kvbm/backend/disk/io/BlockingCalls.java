package io.kvbm.backend.disk.io;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.kvbm.api.KvbmException;
import io.kvbm.backend.disk.file.Errno;
import io.kvbm.backend.disk.file.FileErrors;
import io.kvbm.backend.disk.file.PosixFile;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs one request in the thread that waits for it anyway. To hand a read of some kilobytes to
 * another thread and back takes longer than the device does.
 *
 * <p>No thread that is interrupted closes a file here, as one inside a {@link
 * java.nio.channels.FileChannel} does. Threading: safe from any thread.
 */
@SuppressWarnings("restricted")
final class BlockingCalls {

  /** Above it, pieces at the device at once are worth more than the way to another thread. */
  private static final long MOST = 2L << 20;

  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));

  // Constants, so that the compiler sees through them.
  private static final MethodHandle PREAD =
      call("pread", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle PWRITE =
      call("pwrite", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle FDATASYNC =
      call("fdatasync", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

  private final FileErrors errors;

  BlockingCalls(FileErrors errors) {
    this.errors = errors;
  }

  /**
   * {@return whether a batch is run here: one request that nobody gives up on, on a file of the
   * system, of a thread that is one of the system}
   */
  static boolean take(List<IoRequest> batch) {
    if (batch.size() != 1 || Thread.currentThread().isVirtual()) {
      return false;
    }
    IoRequest request = batch.getFirst();
    return request.deadlineNanos() == IoRequest.NO_DEADLINE
        && request.memory().byteSize() <= MOST
        && request.file() instanceof PosixFile file
        && file.posixDescriptor() >= 0;
  }

  /** {@return why the request failed, or null where every byte moved} */
  @Nullable KvbmException run(IoRequest request) {
    PosixFile file = (PosixFile) request.file();
    int descriptor = file.posixDescriptor();
    KvbmException refusal = RingLoop.refusalOf(request, descriptor);
    if (refusal != null) {
      return refusal;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      return request.kind() == IoRequest.Kind.SYNC
          ? sync(request, descriptor, state)
          : transfer(request, descriptor, state);
    }
  }

  private @Nullable KvbmException sync(IoRequest request, int descriptor, MemorySegment state) {
    while (true) {
      int result = fdatasync(state, descriptor);
      if (result == 0) {
        return null;
      }
      if (result != -Errno.EINTR) {
        return RingLoop.failureOf(request, -result, errors);
      }
    }
  }

  private @Nullable KvbmException transfer(IoRequest request, int descriptor, MemorySegment state) {
    boolean isWrite = request.kind() == IoRequest.Kind.WRITE;
    int page = request.file().alignment();
    long length = request.memory().byteSize();
    long done = 0;
    while (done < length) {
      MemorySegment rest = request.memory().asSlice(done);
      long result = transfer(isWrite, state, descriptor, rest, request.position() + done);
      if (result == -Errno.EINTR) {
        continue;
      }
      if (result < 0) {
        return RingLoop.failureOf(request, (int) -result, errors);
      }
      long moved = result & -page;
      if (moved == 0) {
        return isWrite
            ? RequestRun.noProgress(request.file(), request.position() + done)
            : RequestRun.endOfFile(request.file(), request.position(), done, length);
      }
      done += moved;
    }
    return null;
  }

  private static long transfer(
      boolean isWrite, MemorySegment state, int descriptor, MemorySegment memory, long position) {
    try {
      long result =
          isWrite
              ? (long) PWRITE.invokeExact(state, descriptor, memory, memory.byteSize(), position)
              : (long) PREAD.invokeExact(state, descriptor, memory, memory.byteSize(), position);
      return result >= 0 ? result : -(long) (int) ERRNO.get(state, 0L);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static int fdatasync(MemorySegment state, int descriptor) {
    try {
      return (int) FDATASYNC.invokeExact(state, descriptor) == 0 ? 0 : -(int) ERRNO.get(state, 0L);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static MethodHandle call(String name, FunctionDescriptor descriptor) {
    return Linker.nativeLinker()
        .downcallHandle(
            Linker.nativeLinker()
                .defaultLookup()
                .find(name)
                .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no " + name)),
            descriptor,
            Linker.Option.captureCallState("errno"));
  }

  /** A method handle declares every exception; these calls throw none but an error of the JVM. */
  private static Error unexpected(Throwable thrown) {
    return thrown instanceof Error error ? error : new AssertionError(thrown);
  }
}
