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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A simulator of the CUDA driver: a library with the soname {@code libcuda.so.1} that makes the
 * calls of the driver on host memory, strictly, with errors and delays on demand and a count of
 * what is alive. It is compiled with gcc when a test asks for it. Once it is loaded, whoever asks
 * this process for {@code libcuda.so.1} gets it.
 *
 * <p>It knows one kernel, {@code kvbm_copy_regions(u64 table, u32 count)}: the table holds records
 * of source, target and length, 64 bits each.
 *
 * <p>One for the process; it stays until the process ends. Threading: safe from any thread. No
 * method but {@link #load} and {@link #compileInto} waits for anything, and none allocates device
 * memory.
 */
@SuppressWarnings("restricted")
public final class CudaSimulator {

  /** What is counted. */
  private static final List<String> KINDS =
      List.of(
          "device", "pooled", "pinned", "registered", "streams", "events", "modules", "contexts");

  private static final String LIBRARY = "libcuda.so.1";
  private static final Pattern DRIVER = Pattern.compile(".*/libcuda\\.so[.0-9]*( \\(deleted\\))?");

  private static @Nullable CudaSimulator loaded;

  private final MethodHandle reset;
  private final MethodHandle fail;
  private final MethodHandle forgetFailures;
  private final MethodHandle latency;
  private final MethodHandle hold;
  private final MethodHandle live;
  private final MethodHandle calls;
  private final MethodHandle damaged;
  private final MethodHandle clearError;

  CudaSimulator(SymbolLookup symbols) {
    reset = control(symbols, "reset", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
    fail =
        control(symbols, "fail", FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT));
    forgetFailures = control(symbols, "forget_failures", FunctionDescriptor.ofVoid());
    latency = control(symbols, "latency", FunctionDescriptor.ofVoid(JAVA_LONG));
    hold = control(symbols, "hold", FunctionDescriptor.ofVoid(JAVA_INT));
    live = control(symbols, "live", FunctionDescriptor.of(JAVA_LONG, ADDRESS));
    calls = control(symbols, "calls", FunctionDescriptor.of(JAVA_LONG, ADDRESS));
    damaged = control(symbols, "damaged", FunctionDescriptor.of(JAVA_LONG));
    clearError = control(symbols, "clear_error", FunctionDescriptor.ofVoid());
  }

  private static MethodHandle control(SymbolLookup symbols, String name, FunctionDescriptor type) {
    return Linker.nativeLinker().downcallHandle(symbols.findOrThrow("kvbm_sim_" + name), type);
  }

  /** {@return why there can be no simulator on this machine; empty where there can} */
  public static Optional<String> missing() {
    return missing(System.getProperty("os.name"), System.getenv().getOrDefault("PATH", "/usr/bin"));
  }

  static Optional<String> missing(String system, String searchPath) {
    if (!system.equals("Linux")) {
      return Optional.of("the simulator of the CUDA driver is compiled on Linux only");
    }
    for (String folder : searchPath.split(":", -1)) {
      if (Files.isExecutable(Path.of(folder.isEmpty() ? "." : folder, "gcc"))) {
        return Optional.empty();
      }
    }
    return Optional.of("the simulator of the CUDA driver needs gcc: apt-get install gcc libc6-dev");
  }

  /**
   * Compiles the simulator, for another process to find it by {@code LD_LIBRARY_PATH}. That one may
   * set {@code CUDASIM_DEVICES}, {@code CUDASIM_BYTES} (of each device) and {@code CUDASIM_LEDGER},
   * the file that tells at its end, line by line, how many objects of a kind are alive.
   *
   * @param folder where {@code libcuda.so.1} comes to lie; what has that name is replaced
   * @return the library; the caller deletes it
   * @throws UncheckedIOException if it cannot be compiled, with what gcc says
   */
  public static Path compileInto(Path folder) {
    try {
      Path source = Files.createTempFile(folder, "simulator", ".c");
      try (InputStream code = CudaSimulator.class.getResourceAsStream("libcuda.c")) {
        if (code == null) {
          throw new IllegalStateException("the source of the simulator is not in the jar");
        }
        Files.write(source, code.readAllBytes());
        return compile(source, folder.resolve(LIBRARY));
      } finally {
        Files.delete(source);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the simulator of the CUDA driver cannot be compiled", e);
    }
  }

  private static Path compile(Path source, Path library) throws IOException {
    List<String> command = new ArrayList<>(List.of("gcc", "-O2", "-g", "-Wall", "-Wextra"));
    command.addAll(List.of("-Werror", "-shared", "-fPIC", "-pthread", "-Wl,-soname," + LIBRARY));
    command.addAll(List.of(source.toString(), "-o", library.toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = process.onExit().join().exitValue();
    if (status != 0) {
      throw new IOException("gcc ended with " + status + ": " + output);
    }
    return library;
  }

  /**
   * {@return the simulator, compiled and loaded at the first call}
   *
   * @throws IllegalStateException if the process has loaded another driver
   * @throws UncheckedIOException if it cannot be compiled
   */
  public static synchronized CudaSimulator load() {
    if (loaded == null) {
      List<String> drivers = loadedDrivers();
      loaded =
          new CudaSimulator(drivers.isEmpty() ? compileAndLoad() : findLoaded(drivers.getFirst()));
    }
    return loaded;
  }

  private static SymbolLookup compileAndLoad() {
    try {
      Path folder = Files.createTempDirectory("kvbm-cuda-simulator-");
      folder.toFile().deleteOnExit(); // after what is in it: the last named goes first
      Path library = compileInto(folder);
      library.toFile().deleteOnExit();
      return SymbolLookup.libraryLookup(library, Arena.global());
    } catch (IOException e) {
      throw new UncheckedIOException("the simulator of the CUDA driver has no folder", e);
    }
  }

  /** One that another class loader, or the process itself, has loaded is as good. */
  private static SymbolLookup findLoaded(String driver) {
    SymbolLookup symbols = SymbolLookup.libraryLookup(LIBRARY, Arena.global());
    if (symbols.find("kvbm_sim_reset").isEmpty()) {
      throw new IllegalStateException(
          "this process has loaded %s: the simulator needs one without a driver".formatted(driver));
    }
    return symbols;
  }

  private static List<String> loadedDrivers() {
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      return drivers(maps);
    } catch (IOException e) {
      throw new UncheckedIOException("the libraries of this process cannot be listed", e);
    }
  }

  /** The drivers among the lines of {@code /proc/self/maps}. */
  static List<String> drivers(Stream<String> maps) {
    return maps.filter(line -> DRIVER.matcher(line).matches())
        .map(line -> line.substring(line.indexOf('/')))
        .distinct()
        .toList();
  }

  /**
   * Begins anew: no failures to come, no delays, no lost contexts, no counts.
   *
   * @param devices how many there are, 0 to 16
   * @param byteSize the memory of each, in bytes
   * @throws IllegalStateException if anything is alive. Objects whose context is gone, which nobody
   *     can end any more, are told of once and then forgotten
   * @throws IllegalArgumentException if there cannot be so many devices
   */
  public void reset(int devices, long byteSize) {
    Map<String, Long> ledger = ledger();
    long alive = invoke(reset, devices, byteSize);
    if (alive < 0) {
      throw new IllegalArgumentException("the simulator has 0 to 16 devices, not " + devices);
    }
    if (alive > 0) {
      throw new IllegalStateException("the simulator is in use: " + ledger);
    }
  }

  /**
   * Makes a call fail. A result that CUDA calls sticky (214, 220, 700, 702, 710, 714 to 719) ends
   * the context. What was asked for the same call before comes first.
   *
   * @param call its name, like {@code cuMemAlloc}, or {@code copy} for the copies that streams and
   *     kernels make
   * @param result the {@code CUresult}
   * @param skip how many more succeed first
   * @param times how many fail then; all of them where it is below 0
   */
  public void failNext(String call, int result, int skip, int times) {
    try (Arena arena = Arena.ofConfined()) {
      invoke(fail, arena.allocateFrom(call), result, skip, times);
    }
  }

  /** Takes back what {@link #failNext} asked for and no call met yet. */
  public void forgetFailures() {
    invoke(forgetFailures);
  }

  /**
   * Makes operations of streams take longer.
   *
   * @param nanos how much, each
   */
  public void latency(long nanos) {
    invoke(latency, nanos);
  }

  /** Stops all streams before their next operation. Calls that wait for them wait on. */
  public void hold() {
    invoke(hold, 1);
  }

  /** Lets streams go on. */
  public void release() {
    invoke(hold, 0);
  }

  /**
   * {@return how many objects of a kind are alive}
   *
   * @param kind a key of {@link #ledger}
   * @throws IllegalArgumentException if there is no such kind
   */
  public long live(String kind) {
    try (Arena arena = Arena.ofConfined()) {
      long count = invoke(live, arena.allocateFrom(kind));
      if (count < 0) {
        throw new IllegalArgumentException("no kind '" + kind + "'; there are " + KINDS);
      }
      return count;
    }
  }

  /**
   * {@return how many objects are alive, by kind: {@code device} and {@code pooled} memory, {@code
   * pinned} and {@code registered} memory of the host, {@code streams}, {@code events}, {@code
   * modules}, and {@code contexts}, as often as they are retained}
   */
  public Map<String, Long> ledger() {
    Map<String, Long> ledger = new LinkedHashMap<>();
    KINDS.forEach(kind -> ledger.put(kind, live(kind)));
    return ledger;
  }

  /**
   * {@return how often a call was made since the reset}
   *
   * @param call its name, like {@code cuMemAlloc}
   */
  public int calls(String call) {
    try (Arena arena = Arena.ofConfined()) {
      return (int) invoke(calls, arena.allocateFrom(call));
    }
  }

  /**
   * {@return bytes around allocations, and in freed ones, that were overwritten since the reset}
   */
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
