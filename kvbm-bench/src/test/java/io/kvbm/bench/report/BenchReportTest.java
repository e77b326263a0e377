package io.kvbm.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.bench.Invocation;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class BenchReportTest {

  private static BenchCase reading(OptionalDouble control, double... ratios) {
    return new BenchCase(
        "reading",
        Map.of("nanosPerOp", 50.0),
        "a map",
        Map.of("nanosPerOp", 75.0),
        ratios,
        control);
  }

  @Test
  void isOneJsonDocument() {
    BenchReport report =
        new BenchReport("a machine", "0123abc", List.of(reading(OptionalDouble.of(1.5), 1, 4, 2)));

    assertThat(Invocation.ofJson(report::print).out())
        .isEqualTo(
            "{\"machine\":\"a"
                + " machine\",\"commit\":\"0123abc\",\"cases\":[{\"case\":\"reading\",\"ours\":{\"nanosPerOp\":50.0},\"peer\":{\"name\":\"a"
                + " map\",\"nanosPerOp\":75.0},\"ratio\":2.0,\"rounds\":3,\"spread\":1.5,\"control\":1.5}]}\n");
  }

  @Test
  void aControlThatWasNotMeasuredIsNull() {
    BenchReport report = new BenchReport("m", "c", List.of(reading(OptionalDouble.empty(), 1, 2)));

    assertThat(Invocation.ofJson(report::print).out())
        .contains("\"ratio\":1.5,\"rounds\":2,")
        .endsWith("\"control\":null}]}\n");
  }

  @Test
  void namesMachineAndCommit() {
    BenchReport report = BenchReport.of(List.of());

    assertThat(report.machine()).contains(" cores, ", "Java " + Runtime.version());
    assertThat(report.commit()).matches("[0-9a-f]{12}(-dirty)?|unknown");
  }

  @Test
  void aCaseNeedsARound() {
    assertThatThrownBy(() -> reading(OptionalDouble.empty()))
        .isInstanceOf(CallerException.class)
        .hasMessage("case reading has no rounds; run at least one");
  }
}
