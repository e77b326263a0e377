package io.kvbm.bench.rounds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.BackendException;
import io.kvbm.bench.report.BenchCase;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RoundsTest {

  @Test
  void measuresEachRoundInAJvmOfItsOwn() {
    Subject subject = Subject.of(KnownBenchmark.class, "allocate");
    Comparison comparison = new Comparison("arrays", subject, "itself", subject);

    BenchCase found =
        TinyRounds.run(List.of(comparison), new RoundSettings(2, 0.01, true)).getFirst();

    assertThat(found.name()).isEqualTo("arrays");
    assertThat(found.peerName()).isEqualTo("itself");
    assertThat(found.rounds()).isEqualTo(2);
    assertThat(found.ratios()).containsExactly(1, 1);
    assertThat(found.control()).isPresent();
    assertThat(found.ours())
        .containsOnlyKeys("threads", "nanosPerOp", "cpuNanosPerOp", "opsPerSecond", "bytesPerOp");
    assertThat(found.ours().get("bytesPerOp")).isGreaterThan(1024);
  }

  @Test
  void countsTheOperationsOfAllThreads() {
    Subject two = new Subject(KnownBenchmark.class, "allocate", 2, Map.of());

    BenchCase found = TinyRounds.run(List.of(new Comparison("two", two, "itself", two))).getFirst();

    double nanosPerOp = found.ours().get("nanosPerOp");
    assertThat(found.ours()).containsEntry("opsPerSecond", 2 * 1e9 / nanosPerOp);
  }

  @Test
  void aBenchmarkThatFailsIsNamed() {
    Subject broken = Subject.of(KnownBenchmark.class, "fail");

    assertThatThrownBy(
            () -> TinyRounds.run(List.of(new Comparison("broken", broken, "itself", broken))))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("cannot measure fail");
  }
}
