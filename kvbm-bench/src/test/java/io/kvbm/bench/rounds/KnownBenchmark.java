package io.kvbm.bench.rounds;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;

/** Benchmarks whose outcome is known. */
@BenchmarkMode(Mode.AverageTime)
public class KnownBenchmark {

  /** Allocates 1 KiB and the header of an array. */
  @Benchmark
  public byte[] allocate() {
    return new byte[1024];
  }

  /** Fails. */
  @Benchmark
  public void fail() {
    throw new AssertionError("the benchmark is broken");
  }
}
