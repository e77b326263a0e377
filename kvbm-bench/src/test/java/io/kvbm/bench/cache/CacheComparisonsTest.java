package io.kvbm.bench.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.bench.report.BenchCase;
import io.kvbm.bench.rounds.TinyRounds;
import java.util.List;
import org.junit.jupiter.api.Test;

class CacheComparisonsTest {

  @Test
  void everyBenchmarkRuns() {
    List<BenchCase> cases = TinyRounds.run(CacheComparisons.of(List.of(1, 2)));

    assertThat(cases)
        .extracting(BenchCase::name)
        .contains("hit, 1 thread", "pin+close, 2 threads, same", "miss, 2 threads");
    assertThat(cases).allSatisfy(each -> assertThat(each.ours().get("nanosPerOp")).isPositive());
    assertThat(cases).allSatisfy(each -> assertThat(each.peer().get("nanosPerOp")).isPositive());
  }
}
