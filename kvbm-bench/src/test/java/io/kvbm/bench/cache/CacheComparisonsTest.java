package io.kvbm.bench.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.bench.rounds.Comparison;
import io.kvbm.bench.rounds.TinyRounds;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CacheComparisonsTest {

  private final List<Comparison> plan = CacheComparisons.of(List.of(1, 2));

  @Test
  void hitsPinsAndMissesAreComparedOnEachNumberOfThreads() {
    assertThat(plan)
        .extracting(Comparison::name)
        .doesNotHaveDuplicates()
        .contains("hit, 1 thread", "pin+close, 2 threads, same", "miss, 2 threads");
    assertThat(plan)
        .filteredOn(comparison -> comparison.name().endsWith(", same"))
        .allSatisfy(
            comparison -> {
              assertThat(comparison.ours().threads()).isEqualTo(2);
              assertThat(comparison.peer().threads()).isEqualTo(2);
              assertThat(comparison.ours().parameters()).containsEntry("keys", "same");
              assertThat(comparison.peer().parameters()).containsEntry("keys", "same");
            });
  }

  @Test
  void everyBenchmarkRuns() {
    assertThat(TinyRounds.runEach(plan, Map.of("values", "64")))
        .containsOnlyKeys("hit", "hitAsLong", "pinAndClose", "miss", "mapGet", "mapMiss")
        .allSatisfy((method, nanosPerOp) -> assertThat(nanosPerOp).as(method).isPositive());
  }
}
