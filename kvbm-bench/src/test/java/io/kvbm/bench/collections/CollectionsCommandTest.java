package io.kvbm.bench.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.bench.report.BenchCase;
import io.kvbm.bench.rounds.TinyRounds;
import java.util.List;
import org.junit.jupiter.api.Test;

class CollectionsCommandTest {

  @Test
  void everyBenchmarkRuns() {
    List<BenchCase> cases = TinyRounds.run(CollectionsCommand.comparisons());

    assertThat(cases)
        .extracting(BenchCase::name)
        .anyMatch(name -> name.contains("Long2ObjectHashMap"))
        .anyMatch(name -> name.contains("Long2LongHashMap"))
        .anyMatch(name -> name.contains("LongArrayList"))
        .anyMatch(name -> name.contains("DeadlineTimerWheel"));
    assertThat(cases).allSatisfy(each -> assertThat(each.ours().get("nanosPerOp")).isPositive());
    assertThat(cases).allSatisfy(each -> assertThat(each.peer().get("nanosPerOp")).isPositive());
  }
}
