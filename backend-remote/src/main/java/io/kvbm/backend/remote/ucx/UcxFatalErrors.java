package io.kvbm.backend.remote.ucx;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a fatal error of UCX from ending the process. All of them, assertions included, end in
 * libucs's {@code ucs_fatal_error_message}, which does not return; here it is replaced by one that
 * does not return either, but stops only the thread. Whose thread that is, is told before, and goes
 * on without it: what UCX holds is lost, and nothing of it runs any more.
 *
 * <p>Of a thread that nobody guards the error ends the process as before.
 */
@SuppressWarnings("restricted")
final class UcxFatalErrors {

  private static final String FUNCTION = "ucs_fatal_error_message";
  private static final long MAX_MESSAGE_BYTE_SIZE = 4096;
  private static final Map<Thread, Consumer<String>> GUARDED = new ConcurrentHashMap<>();
  private static volatile @Nullable MethodHandle original;

  private UcxFatalErrors() {}

  /** Replaces the function, once. Without an effect where the library is not laid out as known. */
  static void install(SymbolLookup symbols) {
    MemorySegment function = symbols.find(FUNCTION).orElse(null);
    if (function == null) {
      return;
    }
    FunctionDescriptor signature =
        FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    try {
      MethodType type = signature.toMethodType();
      MethodHandle handle =
          MethodHandles.lookup().findStatic(UcxFatalErrors.class, "onFatal", type);
      MemorySegment stub = Linker.nativeLinker().upcallStub(handle, signature, Arena.global());
      MethodHandle before = Linker.nativeLinker().downcallHandle(function, signature);
      if (LinkedFunction.replace(function.address(), FUNCTION, stub.address())) {
        original = before;
      }
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("a method of this class is not found: onFatal", e);
    }
  }

  /** {@return whether fatal errors of guarded threads stop no more than these} */
  static boolean areStopped() {
    return original != null;
  }

  /**
   * From now on a fatal error stops this thread for good instead of ending the process.
   *
   * @param stopped told where and why, on this thread, which comes back from UCX no more; must not
   *     block or throw
   */
  static void guard(Consumer<String> stopped) {
    GUARDED.put(Thread.currentThread(), stopped);
  }

  /** Ends {@link #guard}. */
  static void unguard() {
    GUARDED.remove(Thread.currentThread());
  }

  @SuppressWarnings("unused") // Called by UCX. An exception here would end the JVM.
  private static void onFatal(long file, int line, long function, long message) {
    Consumer<String> stopped = GUARDED.remove(Thread.currentThread());
    if (stopped == null) {
      end(file, line, function, message);
      return;
    }
    try {
      String name = text(file);
      stopped.accept(
          "%s:%d: %s".formatted(name.substring(name.lastIndexOf('/') + 1), line, text(message)));
    } catch (RuntimeException | Error e) {
      System.getLogger(UcxFatalErrors.class.getName())
          .log(System.Logger.Level.ERROR, "a stopped thread of UCX was not replaced", e);
    }
    while (true) {
      LockSupport.park(GUARDED);
    }
  }

  private static void end(long file, int line, long function, long message) {
    MethodHandle before = original;
    if (before != null) {
      try {
        before.invokeExact(file, line, function, message);
      } catch (Throwable e) {
        throw UcxLibrary.unexpected(e);
      }
    }
  }

  private static String text(long address) {
    return address == 0
        ? ""
        : MemorySegment.ofAddress(address).reinterpret(MAX_MESSAGE_BYTE_SIZE).getString(0).strip();
  }
}
