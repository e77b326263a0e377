package io.kvbm.bench.disk;

import io.kvbm.bench.report.BenchCase;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * One measurement of one side.
 *
 * @param operations reads and writes that ended
 * @param readBytes bytes read
 * @param writtenBytes bytes written
 * @param seconds how long it took
 * @param p50Micros half of the operations took less; of the reads where there are both
 * @param p99Micros one in a hundred took more
 * @param cpuSeconds processor time of the process
 * @param traffic what the device moved meanwhile
 */
record DiskSample(
    long operations,
    long readBytes,
    long writtenBytes,
    double seconds,
    double p50Micros,
    double p99Micros,
    double cpuSeconds,
    DeviceTraffic traffic) {

  private static final double MEGABYTE = 1e6;
  private static final double GIBIBYTE = 1L << 30;

  /**
   * {@return slices of one measurement, one at least, as one: sums; of the percentiles the medians}
   */
  static DiskSample join(List<DiskSample> slices) {
    return new DiskSample(
        slices.stream().mapToLong(DiskSample::operations).sum(),
        slices.stream().mapToLong(DiskSample::readBytes).sum(),
        slices.stream().mapToLong(DiskSample::writtenBytes).sum(),
        slices.stream().mapToDouble(DiskSample::seconds).sum(),
        median(slices, DiskSample::p50Micros),
        median(slices, DiskSample::p99Micros),
        slices.stream().mapToDouble(DiskSample::cpuSeconds).sum(),
        slices.stream().map(DiskSample::traffic).reduce(DeviceTraffic::plus).orElseThrow());
  }

  long bytes() {
    return readBytes + writtenBytes;
  }

  double bytesPerSecond() {
    return bytes() / seconds;
  }

  double cpuSecondsPerGibibyte() {
    return cpuSeconds * GIBIBYTE / bytes();
  }

  /** {@return whether the device moved at least what the process says that it moved} */
  boolean isProvenDirect() {
    return traffic.readBytes() >= readBytes && traffic.writtenBytes() >= writtenBytes;
  }

  /** The median of each figure. */
  static Map<String, Double> figures(List<DiskSample> samples) {
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("iops", median(samples, each -> each.operations() / each.seconds()));
    figures.put("mbPerSecond", median(samples, each -> each.bytesPerSecond() / MEGABYTE));
    figures.put("p50Micros", median(samples, DiskSample::p50Micros));
    figures.put("p99Micros", median(samples, DiskSample::p99Micros));
    figures.put("cpuSecondsPerGiB", median(samples, DiskSample::cpuSecondsPerGibibyte));
    return figures;
  }

  private static double median(List<DiskSample> samples, ToDoubleFunction<DiskSample> figure) {
    return BenchCase.median(samples.stream().mapToDouble(figure).toArray());
  }
}
