package io.kvbm.bench.disk;

import com.fasterxml.jackson.core.JsonFactory;
import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.bench.report.JsonTree;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs a job with fio, on its io_uring engine past the page cache. Its buffers are of huge pages,
 * as ours are: a device takes several times as much at once from those.
 */
final class Fio {

  private static final double MICROS = 1e-3;
  private static final double MILLIS = 1e-3;
  private static final double PERCENT = 1e-2;

  /** Makes the allocator ask for huge pages where it maps memory. */
  private static final String HUGE_PAGES = "glibc.malloc.hugetlb=1";

  private final String version;
  private volatile @Nullable Process running;
  private volatile double idleSeconds;

  private Fio(String version) {
    this.version = version;
  }

  /** {@return fio, or empty where it is not on the PATH} */
  static Optional<Fio> find() {
    try {
      Process process = new ProcessBuilder("fio", "--version").redirectErrorStream(true).start();
      process.getOutputStream().close();
      String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() == 0 ? Optional.of(new Fio(answer.strip())) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /** {@return for instance {@code fio-3.33}} */
  String version() {
    return version;
  }

  /**
   * Runs fio.
   *
   * @param job what
   * @param file on which file, written in full before
   * @param byteSize the file's length
   * @param warmUpSeconds how long before anything is counted
   * @param seconds how long
   * @param counter what the device moved
   */
  DiskSample measure(
      DiskJob job,
      Path file,
      long byteSize,
      double warmUpSeconds,
      double seconds,
      DeviceCounter counter) {
    DeviceTraffic before = counter.read();
    long start = System.nanoTime();
    String answer = run(arguments(job, file, byteSize, warmUpSeconds, seconds));
    idleSeconds =
        (System.nanoTime() - start) / (double) TimeUnit.SECONDS.toNanos(1)
            - warmUpSeconds
            - seconds;
    DeviceTraffic traffic = counter.read().since(before);
    try {
      return parse(answer, job, traffic);
    } catch (IOException | RuntimeException e) {
      throw new BackendException(
          ErrorCode.OPERATION_FAILED, "cannot read what fio answered: " + e.getMessage(), e);
    }
  }

  /** {@return how long the last run took to start and to end, the device being idle} */
  double idleSeconds() {
    return Math.max(0, idleSeconds);
  }

  static List<String> arguments(
      DiskJob job, Path file, long byteSize, double warmUpSeconds, double seconds) {
    return List.of(
        "fio",
        "--name=" + job.name(),
        "--filename=" + file.toString().replace("\\", "\\\\").replace(":", "\\:"),
        "--size=" + byteSize,
        "--ioengine=io_uring",
        "--direct=1",
        "--rw=" + job.fioMode(),
        "--rwmixread=" + job.readPercent(),
        "--bs=" + job.blockByteSize(),
        "--iodepth=" + job.depth(),
        "--norandommap",
        "--randrepeat=0",
        "--fallocate=none",
        "--time_based",
        "--ramp_time=" + Math.round(warmUpSeconds * 1000) + "ms",
        "--runtime=" + Math.round(seconds * 1000) + "ms",
        "--output-format=json");
  }

  private String run(List<String> arguments) {
    Path errors = null;
    try {
      errors = Files.createTempFile("kvbm-fio", ".err");
      ProcessBuilder builder = new ProcessBuilder(arguments).redirectError(errors.toFile());
      builder.environment().put("GLIBC_TUNABLES", HUGE_PAGES);
      Process process = builder.start();
      running = process;
      process.getOutputStream().close();
      String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new BackendException(
            ErrorCode.OPERATION_FAILED,
            "fio failed: " + Files.readString(errors).lines().findFirst().orElse(answer.strip()),
            null);
      }
      return answer;
    } catch (IOException e) {
      throw new BackendException(ErrorCode.OPERATION_FAILED, "cannot run fio: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BackendException(ErrorCode.OPERATION_FAILED, "interrupted while fio ran", e);
    } finally {
      running = null;
      delete(errors);
    }
  }

  private static void delete(@Nullable Path file) {
    try {
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      file.toFile().deleteOnExit();
    }
  }

  /** Ends the fio that runs, if one does. */
  void stop() {
    Process process = running;
    if (process != null) {
      process.destroy();
      try {
        if (!process.waitFor(2, TimeUnit.SECONDS)) {
          process.destroyForcibly();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  static DiskSample parse(String answer, DiskJob job, DeviceTraffic traffic) throws IOException {
    JsonTree root = JsonTree.read(new JsonFactory(), answer.substring(answer.indexOf('{')));
    JsonTree result = root.get("jobs").at(0);
    JsonTree read = result.get("read");
    JsonTree write = result.get("write");
    JsonTree percentiles = (job.readPercent() > 0 ? read : write).get("clat_ns").get("percentile");
    double seconds = Math.max(read.number("runtime"), write.number("runtime")) * MILLIS;
    double cpuShare = (result.number("usr_cpu") + result.number("sys_cpu")) * PERCENT;
    return new DiskSample(
        (long) (read.number("total_ios") + write.number("total_ios")),
        (long) read.number("io_bytes"),
        (long) write.number("io_bytes"),
        seconds,
        percentiles.number("50.000000") * MICROS,
        percentiles.number("99.000000") * MICROS,
        cpuShare * result.number("job_runtime") * MILLIS,
        traffic);
  }
}
