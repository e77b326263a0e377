package io.kvbm.bench.store;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import java.util.Arrays;
import java.util.List;

/**
 * What one measurement gave.
 *
 * @param operations how many were done
 * @param byteSize how many bytes of values were moved
 * @param nanos how long it took
 * @param cpuNanos what processor time the process spent meanwhile
 * @param flushes how often the device was told meanwhile to flush its cache, by whomever; -1 where
 *     it does not count
 */
record RunResult(long operations, long byteSize, long nanos, long cpuNanos, long flushes) {

  private static final String MARK = "measured";

  double megabytesPerSecond() {
    return byteSize / 1e6 / (nanos / 1e9);
  }

  double operationsPerSecond() {
    return operations / (nanos / 1e9);
  }

  double cpuSecondsPerGibibyte() {
    return cpuNanos / 1e9 / Math.max(1e-9, byteSize / (double) (1L << 30));
  }

  double flushesPerOperation() {
    return flushes < 0 ? Double.NaN : flushes / (double) Math.max(1, operations);
  }

  /** {@return this as a line} */
  String line() {
    return "%s %d %d %d %d %d".formatted(MARK, operations, byteSize, nanos, cpuNanos, flushes);
  }

  /** {@return the result in what a process printed} */
  static RunResult in(List<String> lines) {
    long[] figures =
        lines.stream()
            .filter(line -> line.startsWith(MARK + " "))
            .findFirst()
            .map(
                line ->
                    Arrays.stream(line.split(" ", -1)).skip(1).mapToLong(Long::parseLong).toArray())
            .orElseThrow(
                () ->
                    new BackendException(
                        ErrorCode.OPERATION_FAILED,
                        "the measuring process printed no result but: " + lines,
                        null));
    return new RunResult(figures[0], figures[1], figures[2], figures[3], figures[4]);
  }
}
