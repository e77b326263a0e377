package io.kvbm.testkit.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A simulator of the CUDA driver: a library with the soname {@code libcuda.so.1} that makes the
 * calls of the driver on host memory, strictly, with errors and delays on demand and a count of
 * what is alive. It is compiled with gcc when a test asks for it. Once it is loaded, whoever asks
 * this process for {@code libcuda.so.1} gets it.
 *
 * <p>One for the process. Threading: safe from any thread.
 */
@SuppressWarnings("restricted")
public final class CudaSimulator {

  /** What is counted. */
  private static final List<String> KINDS =
      List.of("device", "pinned", "registered", "streams", "events", "modules", "contexts");

  private static final String LIBRARY = "libcuda.so.1";
  private static @Nullable CudaSimulator loaded;

  private final MethodHandle reset;
  private final MethodHandle fail;
  private final MethodHandle latency;
  private final MethodHandle hold;
  private final MethodHandle live;
  private final MethodHandle calls;
  private final MethodHandle damaged;
  private final MethodHandle clearError;

  private CudaSimulator(SymbolLookup symbols) {
    reset = call(symbols, "reset", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG));
    fail = call(symbols, "fail", FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT));
    latency = call(symbols, "latency", FunctionDescriptor.ofVoid(JAVA_LONG));
    hold = call(symbols, "hold", FunctionDescriptor.ofVoid(JAVA_INT));
    live = call(symbols, "live", FunctionDescriptor.of(JAVA_LONG, ADDRESS));
    calls = call(symbols, "calls", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    damaged = call(symbols, "damaged", FunctionDescriptor.of(JAVA_LONG));
    clearError = call(symbols, "clear_error", FunctionDescriptor.ofVoid());
  }

  private static MethodHandle call(SymbolLookup symbols, String name, FunctionDescriptor type) {
    return Linker.nativeLinker().downcallHandle(symbols.findOrThrow("kvbm_sim_" + name), type);
  }

  /** {@return why there can be no simulator on this machine; empty where there can} */
  public static Optional<String> missing() {
    if (!System.getProperty("os.name").equals("Linux")) {
      return Optional.of("the simulator of the CUDA driver is compiled on Linux only");
    }
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      if (Files.isExecutable(Path.of(folder.isEmpty() ? "." : folder, "gcc"))) {
        return Optional.empty();
      }
    }
    return Optional.of("the simulator of the CUDA driver needs gcc: apt-get install gcc libc6-dev");
  }

  /**
   * Compiles the simulator, for another process to find it by {@code LD_LIBRARY_PATH}.
   *
   * @param folder where {@code libcuda.so.1} comes to lie
   * @return the library
   */
  public static Path compileInto(Path folder) {
    Path source = folder.resolve("libcuda.c");
    Path library = folder.resolve(LIBRARY);
    try (InputStream code = CudaSimulator.class.getResourceAsStream("libcuda.c")) {
      if (code == null) {
        throw new IllegalStateException("the source of the simulator is not in the jar");
      }
      Files.copy(code, source);
      run(
          "gcc",
          "-O2",
          "-g",
          "-std=gnu11",
          "-shared",
          "-fPIC",
          "-pthread",
          "-fvisibility=hidden",
          "-Wl,-soname," + LIBRARY,
          source.toString(),
          "-o",
          library.toString());
      Files.delete(source);
      return library;
    } catch (IOException e) {
      throw new UncheckedIOException("the simulator of the CUDA driver cannot be compiled", e);
    }
  }

  private static void run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = process.onExit().join().exitValue();
    if (status != 0) {
      throw new IOException("gcc ended with " + status + ": " + output);
    }
  }

  /** {@return the simulator, compiled and loaded at the first call} */
  public static synchronized CudaSimulator load() {
    if (loaded == null) {
      try {
        Path folder = Files.createTempDirectory("kvbm-cuda-simulator-");
        Path library = compileInto(folder);
        loaded = new CudaSimulator(SymbolLookup.libraryLookup(library, Arena.global()));
        Files.delete(library); // what is loaded stays
        Files.delete(folder);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return loaded;
  }

  /**
   * Begins anew: no failures to come, no counts.
   *
   * @param devices how many there are
   * @param byteSize the memory of each, in bytes
   * @throws IllegalStateException if anything is alive
   */
  public void reset(int devices, long byteSize) {
    if (invoke(reset, devices, byteSize) != 0) {
      throw new IllegalStateException("the simulator is in use: " + ledger());
    }
  }

  /**
   * Makes a call fail.
   *
   * @param call its name without a suffix, like {@code cuMemAlloc}, or {@code copy} for the copies
   *     that streams make
   * @param result the {@code CUresult}
   * @param skip how many more succeed first
   * @param times how many fail then
   */
  public void failNext(String call, int result, int skip, int times) {
    try (Arena arena = Arena.ofConfined()) {
      invoke(fail, arena.allocateFrom(call), result, skip, times);
    }
  }

  /**
   * Makes operations of streams take longer.
   *
   * @param nanos how much, each
   */
  public void latency(long nanos) {
    invoke(latency, nanos);
  }

  /** Stops all streams before their next operation. */
  public void hold() {
    invoke(hold, 1);
  }

  /** Lets streams go on. */
  public void release() {
    invoke(hold, 0);
  }

  /** {@return how many objects are alive, by kind} */
  public Map<String, Long> ledger() {
    Map<String, Long> ledger = new LinkedHashMap<>();
    try (Arena arena = Arena.ofConfined()) {
      for (String kind : KINDS) {
        ledger.put(kind, invoke(live, arena.allocateFrom(kind)));
      }
    }
    return ledger;
  }

  /**
   * {@return how often a call was made since the reset}
   *
   * @param call its name without a suffix
   */
  public int calls(String call) {
    try (Arena arena = Arena.ofConfined()) {
      return (int) invoke(calls, arena.allocateFrom(call));
    }
  }

  /** {@return bytes around allocations that were overwritten, found when they were freed} */
  public long damagedGuards() {
    return invoke(damaged);
  }

  /** Makes contexts that were lost work again, as only another process has it with a driver. */
  public void clearError() {
    invoke(clearError);
  }

  /** {@return what a control gives; 0 where it gives nothing} */
  private static long invoke(MethodHandle call, Object... arguments) {
    try {
      return call.invokeWithArguments(arguments) instanceof Number number ? number.longValue() : 0;
    } catch (Throwable e) {
      throw new AssertionError("a control of the simulator has no errors", e);
    }
  }
}
