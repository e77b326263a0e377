package io.kvbm.bench.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.bench.Invocation;
import io.kvbm.testkit.RequiredTools;
import io.kvbm.testkit.cuda.CudaSimulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** On the simulator of the driver: what is measured there means nothing, how does. */
class GpuCommandTest {

  private CudaSimulator simulator;
  @TempDir private Path directory;

  @BeforeEach
  void prepare() {
    RequiredTools.assumeOrFail(
        "gcc", CudaSimulator.missing().isEmpty(), CudaSimulator.missing().orElse("it is there"));
    simulator = CudaSimulator.load();
    simulator.reset(1, 1 << 30);
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(simulator.ledger().values()).as("%s", simulator.ledger()).allMatch(n -> n == 0);
  }

  private static Invocation bench(String... options) {
    return Invocation.of(
        Stream.concat(Stream.of("bench", "gpu"), Stream.of(options)).toArray(String[]::new));
  }

  @Test
  void everyCopyIsMeasuredBesideTheDriver() {
    Invocation run =
        bench("--json", "--blocks=3", "--rounds=2", "--seconds=0.001", "--cases=h2d,d2h,d2d");

    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .contains(
            "h2d 1 x 64 KiB",
            "d2d 3 x 2 MiB in 64 regions, kernel",
            "d2h 3 x 2 MiB, pageable",
            "one cuMemcpyDtoHAsync of 6.0 MiB",
            "\"GPU\":\"");
    assertThat(run.out().split("\"ratio\"", -1)).hasSize(CopyCase.all(3).size() + 1);
  }

  @Test
  void theWayFromAFileIsMeasuredBesideItsSlowerHalf() throws IOException {
    Invocation run =
        bench("--dir=" + directory, "--blocks=2", "--rounds=2", "--seconds=0.001", "--cases=disk");

    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("disk to device, 2 x 2.0 MiB", "the slower half, ");
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--rounds, 0, --rounds 0 is not from 1 to 1000",
    "--blocks, 0, --blocks 0 is not from 1 to 4096",
    "--device, 7, --device: there is no CUDA device 7; there are 1%c from 0",
    "--device, -1, --device: there is no CUDA device -1; there are 1%c from 0"
  })
  void refusesWhatIsOutOfRange(String option, String value, String message) {
    Invocation refused = bench(option + "=" + value);

    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.err().lines()).first().isEqualTo("kvbm: " + message.replace("%c", ","));
  }

  @Test
  void namesTheCasesWhereNoneIsMeant() {
    Invocation refused = bench("--cases=tape");

    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.err()).contains("no case's name contains tape; there are: h2d 1 x 64 KiB");
  }

  @Test
  void saysWhatTheWayFromAFileNeeds() {
    Invocation refused = bench("--cases=disk");

    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.err()).contains("cache hit, as a long; with --dir also: disk to device");
  }

  @Test
  void aFailureOfTheDriverEndsItWithOneLine() {
    simulator.failNext("cuMemcpyHtoDAsync", 1, 0, -1);

    Invocation failed = bench("--blocks=2", "--rounds=1", "--seconds=0.001", "--cases=h2d 1 x 64");

    assertThat(failed.exitCode()).isEqualTo(1);
    assertThat(failed.err()).contains("cuMemcpyHtoDAsync").contains("INVALID_VALUE");
    assertThat(failed.err()).doesNotContain("\tat ");
  }
}
