package io.kvbm.testkit.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.testkit.RequiredTools;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("restricted")
class CudaSimulatorTest {

  /** Asks for the driver by its soname and leaves an allocation behind. */
  private static final String PROGRAM =
      """
      #include <dlfcn.h>
      #include <stdio.h>
      int main(void) {
        void *driver = dlopen("libcuda.so.1", RTLD_LAZY), *context;
        int (*get_count)(int *) = dlsym(driver, "cuDeviceGetCount"), count = 0;
        int (*retain)(void **, int) = dlsym(driver, "cuDevicePrimaryCtxRetain");
        int (*push)(void *) = dlsym(driver, "cuCtxPushCurrent_v2");
        int (*allocate)(unsigned long *, unsigned long) = dlsym(driver, "cuMemAlloc_v2");
        unsigned long address;
        printf("%d ", get_count(&count));
        printf("%d ", ((int (*)(unsigned))dlsym(driver, "cuInit"))(0));
        printf("%d ", get_count(&count));
        printf("%d ", count);
        printf("%d ", retain(&context, count - 1));
        printf("%d ", push(context));
        printf("%d ", allocate(&address, 4097));
        printf("%d", allocate(&address, 4096));
        return 0;
      }
      """;

  @TempDir static Path libraries;
  @TempDir Path folder;

  @BeforeAll
  static void compile() {
    RequiredTools.assumeOrFail(
        "gcc", CudaSimulator.missing().isEmpty(), CudaSimulator.missing().orElse("gcc is there"));
    CudaSimulator.compileInto(libraries);
  }

  @Test
  void isLoadedOnce() {
    CudaSimulator simulator = CudaSimulator.load();
    assertThat(CudaSimulator.load()).isSameAs(simulator);
    assertThat(SymbolLookup.libraryLookup("libcuda.so.1", Arena.global()).find("kvbm_sim_reset"))
        .isPresent();
  }

  @Test
  void saysWhyThereIsNone() {
    assertThat(CudaSimulator.missing("Mac OS X", "/usr/bin").orElseThrow()).contains("Linux");
    assertThat(CudaSimulator.missing("Linux", folder + ":/nowhere").orElseThrow())
        .contains("apt-get install gcc");
  }

  @Test
  void findsADriverAmongTheLibrariesOfAProcess() {
    Stream<String> maps =
        Stream.of(
            "7f00-7f01 r-xp 00000000 08:01 5   /usr/lib/libcuda.so.550.54.14",
            "7f01-7f02 r--p 00000000 08:01 5   /usr/lib/libcuda.so.550.54.14",
            "7f02-7f03 r--p 00000000 08:01 6   /usr/lib/libcudart.so.12",
            "7f03-7f04 rw-p 00000000 00:00 0");
    assertThat(CudaSimulator.drivers(maps)).containsExactly("/usr/lib/libcuda.so.550.54.14");
    assertThat(
            CudaSimulator.drivers(
                Stream.of("7f00-7f01 r-xp 0 08:01 5 /tmp/libcuda.so.1 (deleted)")))
        .hasSize(1);
  }

  @Test
  void anotherCopyHasItsOwnStateAndIsNotStartedBeforeInit() {
    SymbolLookup symbols =
        SymbolLookup.libraryLookup(libraries.resolve("libcuda.so.1"), Arena.global());
    DriverCalls driver = new DriverCalls(symbols);
    CudaSimulator simulator = new CudaSimulator(symbols);
    assertThat(driver.get("cuDriverGetVersion")).isEqualTo(12060);
    assertThat(driver.call("cuCtxSynchronize")).isEqualTo(3);
    try (Arena arena = Arena.ofConfined()) {
      assertThat(driver.call("cuDeviceGetCount", arena.allocate(4))).isEqualTo(3);
      assertThat(driver.call("cuDevicePrimaryCtxRetain", arena.allocate(8), 0)).isEqualTo(3);
    }
    simulator.failNext("cuInit", 802, 0, 1);
    assertThat(driver.call("cuInit", 0)).isEqualTo(802);
    driver.ok("cuInit", 0);
    assertThat((int) driver.get("cuDeviceGetCount")).isEqualTo(1);
    assertThat(driver.get("cuDeviceTotalMem", 0)).isEqualTo(256L << 20);
    assertThat(driver.call("cuCtxSynchronize")).isEqualTo(201);
    assertThat(simulator.calls("cuInit")).isEqualTo(2);
  }

  @Test
  void refusesWhatItDoesNotKnow() {
    CudaSimulator simulator = CudaSimulator.load();
    assertThatThrownBy(() -> simulator.live("things"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("registered");
    assertThatThrownBy(() -> simulator.reset(17, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThat(simulator.calls("cuNothing")).isZero();
    assertThatThrownBy(() -> CudaSimulator.compileInto(folder.resolve("nowhere")))
        .isInstanceOf(UncheckedIOException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"CUDASIM_", "KVBM_SIM_"})
  void anotherProcessFindsItAndWritesItsLedger(String prefix) throws Exception {
    Path source = Files.writeString(folder.resolve("program.c"), PROGRAM);
    Path program = folder.resolve("program");
    run(Map.of(), "gcc", source.toString(), "-o", program.toString());
    Path ledger = folder.resolve("ledger");
    Map<String, String> variables =
        Map.of(
            "LD_LIBRARY_PATH",
            libraries.toString(),
            prefix + "DEVICES",
            "3",
            prefix + "BYTES",
            "4096",
            prefix + "LEDGER",
            ledger.toString());
    assertThat(run(variables, program.toString())).isEqualTo("3 0 0 3 0 0 2 0");
    assertThat(Files.readAllLines(ledger))
        .contains("device 1", "contexts 1", "pinned 0", "damaged 0")
        .hasSize(9);
  }

  private static String run(Map<String, String> variables, String... command)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(List.of(command)).redirectErrorStream(true);
    builder.environment().putAll(variables);
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
