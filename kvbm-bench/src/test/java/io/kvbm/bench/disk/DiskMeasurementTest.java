package io.kvbm.bench.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskMeasurementTest {

  private static final DiskJob READS = DiskJob.ALL.get(1);

  @TempDir Path directory;

  private static DiskSample sample(long bytes, double p99Micros, long deviceBytes) {
    return new DiskSample(
        bytes / 4096, bytes, 0, 1, 1, p99Micros, 1, new DeviceTraffic(deviceBytes, 0));
  }

  @Test
  void percentilesAreWithinAStep() {
    LatencyHistogram histogram = new LatencyHistogram();
    LatencyHistogram other = new LatencyHistogram();
    for (int micros = 1; micros <= 1000; micros++) {
      (micros % 2 == 0 ? histogram : other).record(micros * 1000L);
    }
    histogram.add(other);
    assertThat(histogram.micros(0.5)).isCloseTo(500, within(20.0));
    assertThat(histogram.micros(0.99)).isCloseTo(990, within(35.0));
    assertThat(new LatencyHistogram().micros(0.99)).isZero();
  }

  @Test
  void fioIsReadAndAskedForTheSameJob() throws IOException {
    String answer =
        """
        fio: a note before the document
        {"jobs": [{"job_runtime": 2000, "usr_cpu": 10.0, "sys_cpu": 40.0,
          "read": {"io_bytes": 8192, "total_ios": 2, "runtime": 2000,
            "clat_ns": {"percentile": {"50.000000": 1500, "99.000000": 3000}}},
          "write": {"io_bytes": 0, "total_ios": 0, "runtime": 0, "clat_ns": {}}}]}
        """;
    DiskSample sample = Fio.parse(answer, READS, new DeviceTraffic(8192, 0));
    assertThat(sample)
        .isEqualTo(new DiskSample(2, 8192, 0, 2, 1.5, 3, 1, new DeviceTraffic(8192, 0)));
    assertThat(sample.isProvenDirect()).isTrue();
    assertThat(Fio.arguments(READS, Path.of("/a:b"), 1 << 20, 0.1, 0.5))
        .contains(
            "--direct=1",
            "--ioengine=io_uring",
            "--iodepth=32",
            "--bs=4096",
            "--ramp_time=100ms",
            "--runtime=500ms",
            "--filename=/a\\:b");
  }

  @Test
  void slicesOfAMeasurementAreSummedAndAnUnknownDeviceStaysUnknown() {
    DiskSample first = new DiskSample(2, 100, 20, 0.5, 10, 100, 0.25, new DeviceTraffic(100, 20));
    DiskSample second = new DiskSample(4, 300, 0, 0.5, 30, 300, 0.5, new DeviceTraffic(300, 0));
    assertThat(DiskSample.join(List.of(first, second)))
        .isEqualTo(new DiskSample(6, 400, 20, 1, 20, 200, 0.75, new DeviceTraffic(400, 20)));
    assertThat(new DeviceTraffic(1, 1).plus(DeviceTraffic.UNKNOWN))
        .isEqualTo(DeviceTraffic.UNKNOWN);
  }

  @Test
  void ratiosAreTakenWithinARoundAndARestlessPeerDecidesNothing() {
    DiskCaseResult calm =
        new DiskCaseResult(
            READS,
            List.of(sample(200, 10, 200), sample(400, 10, 400), sample(100, 10, 100)),
            List.of(sample(100, 20, 100), sample(200, 20, 200), sample(100, 20, 100)),
            List.of(sample(100, 20, 100), sample(200, 20, 200), sample(102, 20, 102)));
    assertThat(calm.ratios()).containsExactly(2, 2, 1);
    assertThat(calm.p99Ratio()).isEqualTo(2);
    assertThat(calm.cpuRatio()).isEqualTo(2);
    assertThat(calm.isUndecided()).isFalse();
    DiskCaseResult restless =
        new DiskCaseResult(
            READS,
            calm.ours(),
            calm.peer(),
            List.of(sample(50, 20, 50), sample(200, 20, 200), sample(150, 20, 150)));
    assertThat(restless.isUndecided()).isTrue();
    assertThat(new DiskCaseResult(READS, calm.ours(), List.of(), List.of()).isUndecided())
        .isFalse();
  }

  @Test
  void bytesThatTheDeviceDidNotMoveAreNotDirect() {
    assertThat(DiskCaseResult.isProvenDirect(List.of(sample(100, 1, 100), sample(100, 1, 99))))
        .isFalse();
    assertThat(DiskCaseResult.isProvenDirect(List.of(sample(100, 1, 100)))).isTrue();
  }

  @Test
  void theKernelsCountersAreFoundByTheNumberOfTheDevice() throws IOException {
    Path file = directory.resolve("diskstats");
    Files.writeString(
        file,
        """
           7       0 loop0 1 0 2 0 0 0 0 0 0 0 0
         254       0 vda 10 1 100 7 20 2 300 9 0 5 6 0 0 0 0
        """);
    DeviceCounter counter = new DeviceCounter(file, 254 << 8);
    assertThat(counter.device()).contains("vda");
    assertThat(counter.read()).isEqualTo(new DeviceTraffic(51200, 153600));
    assertThat(counter.read().since(new DeviceTraffic(51200, 0)))
        .isEqualTo(new DeviceTraffic(0, 153600));
    DeviceCounter none = new DeviceCounter(file, 31);
    assertThat(none.device()).isEmpty();
    assertThat(none.read().since(none.read())).isEqualTo(DeviceTraffic.UNKNOWN);
  }
}
