package io.kvbm.bench.rounds;

import io.kvbm.bench.report.BenchCase;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What one run of a benchmark gave.
 *
 * @param threads how many threads ran it
 * @param nanosPerOp what an operation took on each thread
 * @param cpuNanosPerOp what processor time the JVM spent for an operation, whatever else it did
 *     included
 * @param bytesPerOp what an operation allocated on the heap
 */
record Measurement(int threads, double nanosPerOp, double cpuNanosPerOp, double bytesPerOp) {

  /** Operations of all threads together. */
  double opsPerSecond() {
    return threads * 1e9 / nanosPerOp;
  }

  /** The median of each figure. */
  static Map<String, Double> figures(List<Measurement> runs) {
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("threads", (double) runs.getFirst().threads());
    figures.put("nanosPerOp", median(runs, Measurement::nanosPerOp));
    figures.put("cpuNanosPerOp", median(runs, Measurement::cpuNanosPerOp));
    figures.put("opsPerSecond", median(runs, Measurement::opsPerSecond));
    figures.put("bytesPerOp", median(runs, Measurement::bytesPerOp));
    return figures;
  }

  private static double median(List<Measurement> runs, ToDoubleFunction<Measurement> figure) {
    return BenchCase.median(runs.stream().mapToDouble(figure).toArray());
  }
}
