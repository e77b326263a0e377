package io.kvbm.bench.gpu;

import io.kvbm.bench.report.BenchCase;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How quickly something was done again and again.
 *
 * @param nanosPerBatch the time each took, in nanoseconds
 * @param byteSize the bytes each moved
 */
record Stopwatch(double nanosPerBatch, long byteSize) {

  private static final double MEGABYTE = 1e6;

  /** Runs work for so long, and at least once. */
  static Stopwatch time(Runnable work, long byteSize, double seconds) {
    long begin = System.nanoTime();
    long end = begin + Math.round(seconds * 1e9);
    long count = 0;
    long now;
    do {
      work.run();
      count++;
      now = System.nanoTime();
    } while (now < end);
    return new Stopwatch((double) (now - begin) / count, byteSize);
  }

  double bytesPerSecond() {
    return byteSize * 1e9 / nanosPerBatch;
  }

  /** The medians. */
  static Map<String, Double> figures(List<Stopwatch> runs) {
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(
        "mbPerSecond",
        BenchCase.median(
            runs.stream().mapToDouble(run -> run.bytesPerSecond() / MEGABYTE).toArray()));
    figures.put(
        "microsPerBatch",
        BenchCase.median(runs.stream().mapToDouble(run -> run.nanosPerBatch() / 1000).toArray()));
    return figures;
  }
}
