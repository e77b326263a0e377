package io.kvbm.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.spi.Finding;
import io.kvbm.api.spi.Finding.Status;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessorCheckTest {

  private static final String XEON =
      """
      processor	: %d
      vendor_id	: GenuineIntel
      model name	: Intel(R) Xeon(R) Platinum 8480+
      flags		: fpu sse4_1 sse4_2 avx avx2 avx512f avx512bw amx_tile

      """;

  @TempDir private Path root;
  private FakeFiles machine;

  @BeforeEach
  void twoCores() {
    machine = new FakeFiles(root).write("proc/cpuinfo", XEON.formatted(0) + XEON.formatted(1));
  }

  private Finding finding() {
    return new ProcessorCheck(machine.machine(), 2).finding();
  }

  @Test
  void model_cores_and_vectors_are_named() {
    assertThat(finding().status()).isEqualTo(Status.OK);
    assertThat(finding().found())
        .isEqualTo(
            "Intel(R) Xeon(R) Platinum 8480+, 2 of 2 cores usable,"
                + " vectors: sse4_2 avx avx2 avx512f avx512bw amx_tile");
  }

  @Test
  void an_old_processor_is_a_hint() {
    machine.write("proc/cpuinfo", "processor : 0\nmodel name : Old\nflags : fpu sse4_2\n");
    assertThat(finding().status()).isEqualTo(Status.HINT);
    assertThat(finding().advice()).contains("AVX2");
    machine.write("proc/cpuinfo", "processor : 0\nmodel name : Older\n");
    assertThat(finding().found()).contains("none known");
  }

  @Test
  void an_arm_processor_names_its_features_and_its_board() {
    machine.write(
        "proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd sve sve2\nCPU part\t: 0xd4f\n");
    machine.write("proc/device-tree/model", "Neoverse board\0");
    assertThat(finding().status()).isEqualTo(Status.OK);
    assertThat(finding().found()).startsWith("Neoverse board, 2 of 1 cores").contains("asimd sve");
  }

  @Test
  void the_least_quota_of_the_groups_of_the_second_version_counts() {
    machine.write("proc/self/cgroup", "0::/app.slice/kvbm.service\n");
    machine.write("sys/fs/cgroup/app.slice/kvbm.service/cpu.max", "max 100000\n");
    assertThat(finding().found()).doesNotContain("control group");
    machine.write("sys/fs/cgroup/app.slice/cpu.max", "150000 100000\n");
    assertThat(finding().found()).contains("the control group allows 1.5 at a time");
    machine.write("sys/fs/cgroup/app.slice/kvbm.service/cpu.max", "50000 100000\n");
    assertThat(finding().found()).contains("allows 0.5 at a time");
  }

  @Test
  void the_quota_of_the_first_version_counts() {
    machine.write("proc/self/cgroup", "9:memory:/x\n3:cpu,cpuacct:/docker/abc\nodd\n");
    machine.write("sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us", "-1\n");
    machine.write("sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us", "100000\n");
    assertThat(finding().found()).doesNotContain("control group");
    machine.write("sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us", "250000\n");
    assertThat(finding().found()).contains("allows 2.5 at a time");
  }

  @Test
  void a_group_outside_of_what_a_container_sees_is_its_root() {
    machine.write("proc/self/cgroup", "0::/../../elsewhere\n");
    machine.write("sys/fs/cgroup/cpu.max", "100000 100000\n");
    assertThat(finding().found()).contains("allows 1.0 at a time");
    machine.write("proc/self/cgroup", "0::/with\0zero\n");
    assertThat(finding().found()).contains("allows 1.0 at a time");
  }

  @Test
  void without_a_list_of_processors_it_is_unknown(@TempDir Path empty) {
    Finding finding = new ProcessorCheck(new FakeFiles(empty).machine(), 3).finding();
    assertThat(finding.status()).isEqualTo(Status.HINT);
    assertThat(finding.found()).startsWith("3 usable, the rest is unknown");
  }
}
