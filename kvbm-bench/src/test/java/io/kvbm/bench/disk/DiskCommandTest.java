package io.kvbm.bench.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.JsonFactory;
import io.kvbm.bench.Invocation;
import io.kvbm.bench.report.JsonTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DiskCommandTest {

  private static final long BYTE_SIZE = 16L << 20;

  @TempDir Path directory;

  @Test
  void explainsItsOptions() {
    Invocation help = Invocation.of("bench", "disk", "--help");

    assertThat(help.exitCode()).isZero();
    assertThat(help.out()).contains("--dir", "--size", "--seconds", "--rounds", "--json");
  }

  @ParameterizedTest
  @CsvSource({
    "--rounds, 0, --rounds 0 is not from 1 to 1000",
    "--seconds, 0, --seconds 0.0 is not from 0.001 to 3600",
    "--size, 1MiB, --size 1MiB is below 16.0 MiB",
    "--size, much, --size: 'much' is no byte count; write for instance 4096%c 64KiB or 2GiB",
    "--cases, tape, no case's name contains tape; there are: randread-4k-qd1%c randread-4k-qd32%c"
        + " randread-64k-qd8%c seqread-1m-qd8%c seqwrite-1m-qd8%c mixed-64k-qd8"
  })
  void refusesWhatIsOutOfRange(String option, String value, String message) {
    Invocation refused = Invocation.of("bench", "disk", "--dir=" + directory, option + "=" + value);

    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.err().lines()).first().isEqualTo("kvbm: " + message.replace("%c", ","));
  }

  @Test
  void asksForMoreSpaceThanThereIsInOneLine() {
    Invocation refused = Invocation.of("bench", "disk", "--dir=" + directory, "--size=1000000GiB");

    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("pass a smaller --size");
  }

  @Test
  void measuresOneRoundWithoutAPeerAndLeavesNothing() throws IOException {
    Invocation ran =
        Invocation.ofJson(
            console ->
                new DiskBench(directory, BYTE_SIZE, 0.02, 1, DiskJob.ALL, Optional.empty())
                    .run(console)
                    .print(console));

    assertThat(ran.exitCode()).as(ran.err()).isZero();
    JsonTree report = JsonTree.read(new JsonFactory(), ran.out());
    for (int i = 0; i < DiskJob.ALL.size(); i++) {
      JsonTree ours = report.get("cases").at(i).get("ours");
      assertThat(ours.number("cpuSecondsPerGiB")).isNotNegative(); // counted in steps of 10 ms
      for (String figure : List.of("iops", "mbPerSecond", "p50Micros", "p99Micros")) {
        assertThat(ours.number(figure)).as("%s of case %d", figure, i).isPositive();
      }
    }
    assertThat(ran.out()).contains("\"peer\"", "seqwrite-1m-qd8", "mixed-64k-qd8", "\"engine\"");
    try (Stream<Path> entries = Files.list(directory)) {
      assertThat(entries).isEmpty();
    }
  }

  @Test
  void putsFioBesideWhereItIsInstalled() throws IOException {
    Optional<Fio> fio = Fio.find();
    assumeTrue(fio.isPresent(), "fio is not installed");
    Invocation ran =
        Invocation.ofJson(
            console ->
                new DiskBench(directory, BYTE_SIZE, 0.05, 1, List.of(DiskJob.ALL.getFirst()), fio)
                    .run(console)
                    .print(console));

    assertThat(ran.exitCode()).as(ran.err()).isZero();
    JsonTree found = JsonTree.read(new JsonFactory(), ran.out()).get("cases").at(0);
    assertThat(found.number("ratio")).isPositive();
    assertThat(found.number("control")).isPositive();
    assertThat(found.number("p99Ratio")).isPositive();
    assertThat(found.get("peer").number("iops")).isPositive();
    try (Stream<Path> entries = Files.list(directory)) {
      assertThat(entries).isEmpty();
    }
  }
}
