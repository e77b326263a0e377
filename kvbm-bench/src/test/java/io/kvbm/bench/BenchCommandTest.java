package io.kvbm.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchCommandTest {

  @Test
  void listsItsBenchmarks() {
    Invocation help = Invocation.of("bench", "--help");

    assertThat(help.exitCode()).isZero();
    assertThat(help.out()).contains("cache", "pool", "disk", "gpu", "collections", "--json");
  }

  @Test
  void eachBenchmarkExplainsItsOptions() {
    Invocation pool = Invocation.of("bench", "pool", "--help");
    Invocation collections = Invocation.of("bench", "collections", "--help");

    assertThat(pool.exitCode()).isZero();
    assertThat(pool.out()).contains("--threads", "--seconds", "--rounds", "--json");
    assertThat(collections.exitCode()).isZero();
    assertThat(collections.out()).contains("--seconds", "--rounds", "--json");
  }

  @Test
  void asksWhichBenchmark() {
    Invocation bare = Invocation.of("bench");

    assertThat(bare.exitCode()).isEqualTo(2);
    assertThat(bare.err()).contains("which command? One of: cache, collections, disk, gpu, pool");
  }

  @ParameterizedTest
  @CsvSource({
    "pool, --threads, 0, --threads 0 is not from 1 to 64",
    "cache, --threads, 0, --threads 0 is not from 1 to 64",
    "pool, --threads, 65, --threads 65 is not from 1 to 64",
    "pool, --rounds, 0, --rounds 0 is not from 1 to 1000",
    "pool, --seconds, -1, --seconds -1.0 is not from 0.001 to 3600",
    "collections, --seconds, NaN, --seconds NaN is not from 0.001 to 3600",
    "collections, --rounds, 1001, --rounds 1001 is not from 1 to 1000"
  })
  void refusesWhatIsOutOfRange(String benchmark, String option, String value, String message) {
    Invocation refused = Invocation.of("bench", benchmark, option + "=" + value);

    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.out()).isEmpty();
    assertThat(refused.err().lines()).first().isEqualTo("kvbm: " + message);
  }
}
