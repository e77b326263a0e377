package io.kvbm.bench.disk;

import io.kvbm.bench.report.BenchCase;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * What the rounds of one job gave. Ratios are taken within a round; above 1 means that ours is
 * better.
 *
 * @param job what was done
 * @param ours our measurements
 * @param peer those of fio in the same rounds; empty where there is no fio
 * @param control fio once more in each round; empty where there is no fio
 */
record DiskCaseResult(
    DiskJob job, List<DiskSample> ours, List<DiskSample> peer, List<DiskSample> control) {

  /** The control's quartiles may lie so far apart, as a share of the median. */
  static final double MAX_CONTROL_SPREAD = 0.1;

  boolean hasPeer() {
    return !peer.isEmpty();
  }

  /** {@return for each round our bytes a second over those of fio} */
  double[] ratios() {
    return perRound(ours, peer, DiskSample::bytesPerSecond);
  }

  /** {@return for each round the bytes a second of fio's second run over those of its first} */
  double[] controls() {
    return perRound(control, peer, DiskSample::bytesPerSecond);
  }

  /** {@return the 99th percentile of fio over ours} */
  double p99Ratio() {
    return BenchCase.median(perRound(peer, ours, DiskSample::p99Micros));
  }

  /** {@return the processor time that fio takes for a byte over ours} */
  double cpuRatio() {
    return BenchCase.median(perRound(peer, ours, DiskSample::cpuSecondsPerGibibyte));
  }

  private static double[] perRound(
      List<DiskSample> above, List<DiskSample> below, ToDoubleFunction<DiskSample> figure) {
    return IntStream.range(0, above.size())
        .mapToDouble(i -> figure.applyAsDouble(above.get(i)) / figure.applyAsDouble(below.get(i)))
        .toArray();
  }

  /** {@return whether the machine was too restless for a verdict} */
  boolean isUndecided() {
    if (!hasPeer()) {
      return false;
    }
    double[] quartiles = quartiles(controls());
    return (quartiles[1] - quartiles[0]) / BenchCase.median(controls()) > MAX_CONTROL_SPREAD;
  }

  /** {@return whether the device moved all bytes that a side says it moved, in every round} */
  static boolean isProvenDirect(List<DiskSample> samples) {
    return samples.stream().allMatch(DiskSample::isProvenDirect);
  }

  /** {@return the first and the third quartile, between the values next to them} */
  static double[] quartiles(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return new double[] {at(sorted, 0.25), at(sorted, 0.75)};
  }

  private static double at(double[] sorted, double share) {
    double place = share * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(sorted.length - 1, below + 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }
}
