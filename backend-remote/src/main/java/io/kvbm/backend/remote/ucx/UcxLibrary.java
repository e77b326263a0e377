package io.kvbm.backend.remote.ucx;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * The calls of the system's libucp, bound once. Pointers are longs: nothing is allocated for a
 * call.
 *
 * <p>jucx is not used. Its 1.18.1 needs {@code ucp_memh_pack} and {@code ucp_memh_buffer_release},
 * which libucp 1.13 lacks (it does not load where symbols are bound at once), makes every context
 * print a warning to the standard output, can wait for events without a timeout only, leaves a file
 * in the temporary folder if the process is killed, and calls Java with an exception pending when a
 * request is refused.
 */
@SuppressWarnings("restricted")
final class UcxLibrary {

  private static final String FILE = "libucp.so.0";
  private static final Linker LINKER = Linker.nativeLinker();
  private static final int LEAST_MINOR = 12;

  final MethodHandle configRead;
  final MethodHandle configModify;
  final MethodHandle configRelease;
  final MethodHandle init;
  final MethodHandle contextQuery;
  final MethodHandle cleanup;
  final MethodHandle workerCreate;
  final MethodHandle workerDestroy;
  final MethodHandle workerGetAddress;
  final MethodHandle workerReleaseAddress;
  final MethodHandle workerProgress;
  final MethodHandle workerArm;
  final MethodHandle workerSignal;
  final MethodHandle workerGetEventFile;
  final MethodHandle endpointCreate;
  final MethodHandle endpointClose;
  final MethodHandle endpointFlush;
  final MethodHandle memoryMap;
  final MethodHandle memoryUnmap;
  final MethodHandle keyPack;
  final MethodHandle keyRelease;
  final MethodHandle keyUnpack;
  final MethodHandle keyDestroy;
  final MethodHandle get;
  final MethodHandle put;
  final MethodHandle requestCheck;
  final MethodHandle requestFree;
  final MethodHandle poll;
  private final MethodHandle statusString;
  private final String version;

  private final SymbolLookup symbols;

  private UcxLibrary() {
    keepSignals();
    symbols = SymbolLookup.libraryLookup(FILE, Arena.global());
    call("ucs_debug_disable_signals", null);
    setGlobal("LOG_LEVEL", "fatal", "UCX_LOG_LEVEL");
    configRead = bind("ucp_config_read", JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS);
    configModify = bind("ucp_config_modify", JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS);
    configRelease = bindVoid("ucp_config_release", JAVA_LONG);
    init = bind("ucp_init_version", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS);
    contextQuery = bind("ucp_context_query", JAVA_INT, JAVA_LONG, ADDRESS);
    cleanup = bindVoid("ucp_cleanup", JAVA_LONG);
    workerCreate = bind("ucp_worker_create", JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS);
    workerDestroy = bindVoid("ucp_worker_destroy", JAVA_LONG);
    workerGetAddress = bind("ucp_worker_get_address", JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS);
    workerReleaseAddress = bindVoid("ucp_worker_release_address", JAVA_LONG, JAVA_LONG);
    workerProgress = bind("ucp_worker_progress", JAVA_INT, JAVA_LONG);
    workerArm = bind("ucp_worker_arm", JAVA_INT, JAVA_LONG);
    workerSignal = bind("ucp_worker_signal", JAVA_INT, JAVA_LONG);
    workerGetEventFile = bind("ucp_worker_get_efd", JAVA_INT, JAVA_LONG, ADDRESS);
    endpointCreate = bind("ucp_ep_create", JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS);
    endpointClose = bind("ucp_ep_close_nbx", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    endpointFlush = bind("ucp_ep_flush_nbx", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    memoryMap = bind("ucp_mem_map", JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS);
    memoryUnmap = bind("ucp_mem_unmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
    keyPack = bind("ucp_rkey_pack", JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS);
    keyRelease = bindVoid("ucp_rkey_buffer_release", JAVA_LONG);
    keyUnpack = bind("ucp_ep_rkey_unpack", JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS);
    keyDestroy = bindVoid("ucp_rkey_destroy", JAVA_LONG);
    get =
        bind(
            "ucp_get_nbx",
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
    put =
        bind(
            "ucp_put_nbx",
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
    requestCheck = bind("ucp_request_check_status", JAVA_INT, JAVA_LONG);
    requestFree = bindVoid("ucp_request_free", JAVA_LONG);
    statusString = bind("ucs_status_string", ADDRESS, JAVA_INT);
    poll =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("poll"),
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    version = readVersion();
    UcxFatalErrors.install(symbols);
  }

  private static final class Holder {

    static final @Nullable UcxLibrary LOADED;
    static final String REASON;

    static {
      UcxLibrary loaded = null;
      String reason = "";
      String arch = System.getProperty("os.arch");
      if (!System.getProperty("os.name").equals("Linux")
          || !(arch.equals("amd64") || arch.equals("aarch64"))) {
        reason =
            "UCX is used on 64-bit Linux (amd64, aarch64), this is %s on %s: use TCP"
                .formatted(System.getProperty("os.name"), arch);
      } else {
        try {
          loaded = new UcxLibrary();
        } catch (IllegalArgumentException _) {
          reason = FILE + " not found: install Debian's libucx0";
        } catch (NoSuchElementException e) {
          reason =
              "%s is too old: 1.%d or later is needed (%s)"
                  .formatted(FILE, LEAST_MINOR, e.getMessage());
        } catch (IllegalCallerException _) {
          reason = "native access is denied: allow it with --enable-native-access";
        }
      }
      LOADED = loaded;
      REASON = reason;
    }
  }

  /** {@return why there is no library, or empty} */
  static String missing() {
    return Holder.REASON;
  }

  /**
   * {@return the library}
   *
   * @throws ConfigurationException BACKEND_UNAVAILABLE where it is not there
   */
  static UcxLibrary get() {
    UcxLibrary loaded = Holder.LOADED;
    if (loaded == null) {
      throw new ConfigurationException(ErrorCode.BACKEND_UNAVAILABLE, Holder.REASON);
    }
    return loaded;
  }

  /** {@return the version, such as 1.13.1} */
  String version() {
    return version;
  }

  /** {@return what a status means, in UCX's words} */
  static String statusText(int status) {
    try {
      MemorySegment text = (MemorySegment) get().statusString.invokeExact(status);
      return text.reinterpret(256).getString(0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static AssertionError unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    if (e instanceof RuntimeException failure) {
      throw failure;
    }
    return new AssertionError("a call of libucp has no checked errors", e);
  }

  /**
   * UCX replaces the handlers of SIGSEGV and others while it is loaded, and the JVM needs its own
   * at any moment. It looks at the environment of the process, so that is where it is told.
   */
  private static void keepSignals() {
    MethodHandle setenv =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("setenv"),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      int _ =
          (int)
              setenv.invokeExact(
                  arena.allocateFrom("UCX_HANDLE_ERRORS"), arena.allocateFrom("none"), 1);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** UCX logs to the standard output, which is not ours; whoever sets the variable wants that. */
  private void setGlobal(String name, String value, String variable) {
    if (System.getenv(variable) != null) {
      return;
    }
    MethodHandle set = bind("ucs_global_opts_set_value", JAVA_INT, ADDRESS, ADDRESS);
    try (Arena arena = Arena.ofConfined()) {
      int _ = (int) set.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private String readVersion() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment numbers = arena.allocate(JAVA_INT, 3);
      call("ucp_get_version", numbers);
      int major = numbers.getAtIndex(JAVA_INT, 0);
      int minor = numbers.getAtIndex(JAVA_INT, 1);
      if (major != 1 || minor < LEAST_MINOR) {
        throw new NoSuchElementException("it is %d.%d".formatted(major, minor));
      }
      return "%d.%d.%d".formatted(major, minor, numbers.getAtIndex(JAVA_INT, 2));
    }
  }

  private void call(String name, @Nullable MemorySegment ints) {
    try {
      if (ints == null) {
        bindVoid(name).invokeExact();
      } else {
        bindVoid(name, ADDRESS, ADDRESS, ADDRESS)
            .invokeExact(ints, ints.asSlice(Integer.BYTES), ints.asSlice(2 * Integer.BYTES));
      }
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private MethodHandle bind(String name, MemoryLayout result, MemoryLayout... arguments) {
    return LINKER.downcallHandle(
        symbols.findOrThrow(name), FunctionDescriptor.of(result, arguments));
  }

  private MethodHandle bindVoid(String name, MemoryLayout... arguments) {
    return LINKER.downcallHandle(symbols.findOrThrow(name), FunctionDescriptor.ofVoid(arguments));
  }
}
