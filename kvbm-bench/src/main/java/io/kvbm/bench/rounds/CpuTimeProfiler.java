package io.kvbm.bench.rounds;

import java.lang.management.ManagementFactory;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Measures the processor time of the JVM for each operation: on a machine that others use too it
 * says more than the clock. It counts all threads, the garbage collector's as well, and what a
 * benchmark does between its invocations.
 */
public final class CpuTimeProfiler implements InternalProfiler {

  /** The name of the result, in nanoseconds. */
  static final String LABEL = "cpu.time.norm";

  private long before;

  /** For JMH. */
  public CpuTimeProfiler() {}

  @Override
  public String getDescription() {
    return "processor time of the JVM for each operation";
  }

  @Override
  public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
    before = cpuNanos();
  }

  @Override
  public Collection<? extends Result<?>> afterIteration(
      BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
    double nanosPerOp =
        (double) (cpuNanos() - before) / Math.max(1, result.getMetadata().getAllOps());
    return List.of(new ScalarResult(LABEL, nanosPerOp, "ns/op", AggregationPolicy.AVG));
  }

  private static long cpuNanos() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getProcessCpuTime()
        : 0;
  }
}
