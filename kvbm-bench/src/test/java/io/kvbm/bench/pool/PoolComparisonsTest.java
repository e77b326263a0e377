package io.kvbm.bench.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.bench.report.BenchCase;
import io.kvbm.bench.rounds.TinyRounds;
import java.util.List;
import org.junit.jupiter.api.Test;

class PoolComparisonsTest {

  @Test
  void everyBenchmarkRuns() {
    List<BenchCase> cases = TinyRounds.run(PoolComparisons.of(List.of(1, 2)));

    assertThat(cases)
        .extracting(BenchCase::name)
        .contains(
            "match 128, 1 thread",
            "match+close 128, 2 threads, same",
            "128 misses in one call, 2 threads, disjoint",
            "allocate+complete+register+close, 2 threads");
    assertThat(cases).allSatisfy(each -> assertThat(each.ours().get("nanosPerOp")).isPositive());
    assertThat(cases).allSatisfy(each -> assertThat(each.peer().get("nanosPerOp")).isPositive());
  }
}
