package io.kvbm.backend.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.Finding;
import io.kvbm.api.spi.Finding.Scope;
import io.kvbm.api.spi.Finding.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MachineDiagnosisTest {

  private static final String LIMITS =
      """
      Limit                     Soft Limit           Hard Limit           Units
      Max cpu time              unlimited            unlimited            seconds
      Max open files            1024                 1048576              files
      Max locked memory         %-20s %-20s bytes
      Max address space         unlimited            unlimited            bytes
      """;

  @TempDir Path root;

  @BeforeEach
  void aMachineOf16Gibibytes() throws IOException {
    write("proc/meminfo", "MemTotal:       16777216 kB\nMemAvailable:    8388608 kB\n");
    write("proc/self/cgroup", "0::/app.slice/kvbm.service\n");
    write("proc/self/status", "Name:\tjava\nCapEff:\t0000000000000000\n");
    write("proc/self/limits", LIMITS.formatted("8388608", "8388608"));
    write("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    write("sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "0\n");
    write("sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "0\n");
    write("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "512\n");
    write("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "500\n");
  }

  private void write(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  private Finding finding(String name) {
    return new MachineDiagnosis(root)
        .findings().stream().filter(f -> f.name().equals(name)).findFirst().orElseThrow();
  }

  @Test
  void memoryOfTheMachineWithoutALimit() {
    assertThat(finding("memory"))
        .isEqualTo(
            Finding.ok(
                Scope.MACHINE,
                "memory",
                "16.0 GiB, no control group limits it, 8.0 GiB available now"));
  }

  @Test
  void aControlGroupOfTheSecondVersionLimits() throws IOException {
    write("sys/fs/cgroup/app.slice/memory.max", "4294967296\n");
    write("sys/fs/cgroup/app.slice/memory.current", "1073741824\n");
    assertThat(finding("memory").found())
        .isEqualTo("16.0 GiB, the control group allows 4.0 GiB, 3.0 GiB available now");
  }

  @Test
  void aControlGroupOfTheFirstVersionLimits() throws IOException {
    write("proc/self/cgroup", "9:cpu,cpuacct:/\n4:memory:/docker/abc\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    assertThat(finding("memory").found()).contains("no control group limits it");
    write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "2147483648\n");
    assertThat(finding("memory").found()).contains("the control group allows 2.0 GiB");
  }

  @Test
  void aSmallLockLimitSaysHowToRaiseIt() {
    Finding finding = finding("memory-lock");
    assertThat(finding.status()).isEqualTo(Status.HINT);
    assertThat(finding.found()).contains("8.0 MiB");
    assertThat(finding.advice()).contains("ulimit -l", "limits.d", "LimitMEMLOCK=infinity");
  }

  @ParameterizedTest
  @CsvSource({
    "unlimited, unlimited",
    "17179869184, '16.0 GiB, as much as there is'",
    "18446744073709547520, 18446744073709547520"
  })
  void aLargeLockLimitIsFine(String limit, String found) throws IOException {
    write("proc/self/limits", LIMITS.formatted(limit, limit));
    assertThat(finding("memory-lock")).isEqualTo(Finding.ok(Scope.MACHINE, "memory-lock", found));
  }

  @Test
  void theRightToLockLiftsTheLimit() throws IOException {
    write("proc/self/status", "CapPrm:\t0000000000000000\nCapEff:\t000001fffeffffff\n");
    assertThat(finding("memory-lock").status()).isEqualTo(Status.OK);
    assertThat(finding("memory-lock").found()).contains("CAP_IPC_LOCK");
    write("proc/self/status", "CapEff:\t000001fffeffbfff\n"); // all but bit 14
    assertThat(finding("memory-lock").status()).isEqualTo(Status.HINT);
  }

  @Test
  void hugePagesAreListedBySize() {
    assertThat(finding("huge-pages"))
        .isEqualTo(
            Finding.ok(
                Scope.MACHINE,
                "huge-pages",
                "transparent huge pages: madvise; reserved (HugeTLB):"
                    + " 500 free of 512 of 2.0 MiB, 0 free of 0 of 1.0 GiB"));
  }

  @Test
  void refusedHugePagesCanBeSwitchedOn() throws IOException {
    write("sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n");
    assertThat(finding("huge-pages").status()).isEqualTo(Status.HINT);
    assertThat(finding("huge-pages").advice())
        .isEqualTo("echo madvise > /sys/kernel/mm/transparent_hugepage/enabled");
  }

  @Test
  void aMachineThatSaysNothingIsUnknownNotFine(@TempDir Path empty) {
    List<Finding> findings = new MachineDiagnosis(empty).findings();
    assertThat(findings).hasSize(3).allSatisfy(f -> assertThat(f.advice()).isNotBlank());
    assertThat(findings).extracting(Finding::status).containsOnly(Status.HINT);
    assertThat(findings.get(2).found())
        .isEqualTo("transparent huge pages: not offered; none can be reserved (HugeTLB)");
  }

  @Test
  void theProviderLooksAtThisMachine() {
    assertThat(new SystemBackendProvider().diagnose(BackendConfig.empty()))
        .extracting(Finding::name)
        .containsExactly("memory", "memory-lock", "huge-pages");
  }
}
