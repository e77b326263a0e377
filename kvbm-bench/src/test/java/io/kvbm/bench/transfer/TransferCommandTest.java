package io.kvbm.bench.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonFactory;
import io.kvbm.bench.Invocation;
import io.kvbm.bench.report.JsonTree;
import io.kvbm.testkit.RequiredTools;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TransferCommandTest {

  @Test
  void explainsItsOptions() {
    Invocation help = Invocation.of("bench", "transfer", "--help");

    assertThat(help.exitCode()).isZero();
    assertThat(help.out())
        .contains("--transport", "--size", "--depth", "--memory", "--warm-up", "--ucx-tls");
  }

  @ParameterizedTest
  @CsvSource({
    "--rounds, 0, --rounds 0 is not from 1 to 1000",
    "--streams, 65, --streams 65 is not from 1 to 64",
    "--depth, 0, --depth 0 is not from 1 to 1024",
    "--size, 65MiB, --size 65MiB is not from 1 to 64.0 MiB",
    "--memory, 9GiB, --memory 9GiB is not from 1 to 8.0 GiB",
    "--warm-up, -1, --warm-up -1.0 is not from 0 to 600 seconds",
    "--warm-up, NaN, --warm-up NaN is not from 0 to 600 seconds",
    "--cases, tape, no case's name contains tape; there are: tcp-1.0k-d2-plain%c tcp-1.0k-d2-crc%c"
        + " tcp-1.0k-d2-tls",
    "--transport, pigeon, unknown transport 'pigeon'; known: tcp%c ucx",
    "--memory, much, --memory: 'much' is no byte count; write for instance 4096%c 64KiB or 2GiB"
  })
  void refusesWhatIsOutOfRange(String option, String value, String message) {
    List<String> all = new ArrayList<>(List.of("bench", "transfer", option + "=" + value));
    if (option.equals("--cases")) {
      all.addAll(List.of("--transport=tcp", "--size=1KiB", "--depth=2"));
    }
    Invocation refused = Invocation.of(all.toArray(String[]::new));

    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.err().lines()).first().isEqualTo("kvbm: " + message.replace("%c", ","));
  }

  @Test
  void comparesARoundTripWithPlainSockets() throws IOException {
    JsonTree measured = measured("--cases=tcp-4.0k-d1-plain");

    assertThat(measured.get("ours").number("microsPerRead")).isPositive();
    assertThat(measured.get("peer").number("microsPerRead")).isPositive();
  }

  @Test
  @Tag("slow") // iperf3 counts whole seconds
  void comparesBlocksInFlightWithIperf() throws IOException {
    RequiredTools.assumeOrFail("iperf3", Iperf.isInstalled(), "iperf3 is not installed");
    JsonTree measured = measured("--cases=tcp-64.0k-d8-crc", "--memory=4MiB");

    assertThat(measured.get("ours").number("gbPerSecond")).isPositive();
    assertThat(measured.get("peer").number("gbPerSecond")).isPositive();
  }

  @Test
  void readsTheLineOfFiguresOfUcxPerftest() throws IOException {
    String said =
        """
        iterations,50.0_percentile_lat,avg_lat,overall_lat,avg_bw,overall_bw,avg_mr,overall_mr
        3000,1163.442,1199.878,1183.697,3.26,3.30,833,845
        """;

    assertThat(UcxPerftest.figure(said, 1)).isEqualTo(1163.442);
    assertThat(UcxPerftest.figure(said, 5)).isEqualTo(3.30);
    assertThat(UcxPerftest.figure(said + "911,1130.536,inf,1100.024,0.00,3.55,0,909", 1))
        .isEqualTo(1130.536);
    assertThatThrownBy(() -> UcxPerftest.figure("no route", 1))
        .hasMessage("ucx_perftest printed no figures: no route");
  }

  private static JsonTree measured(String... options) throws IOException {
    List<String> all = new ArrayList<>(List.of("bench", "transfer", "--transport=tcp", "--json"));
    all.addAll(List.of("--warm-up=0.05", "--seconds=0.05", "--rounds=1"));
    all.addAll(List.of(options));
    Invocation ran = Invocation.of(all.toArray(String[]::new));
    assertThat(ran.exitCode()).as(ran.err()).isZero();
    return JsonTree.read(new JsonFactory(), ran.out()).get("cases").at(0);
  }
}
