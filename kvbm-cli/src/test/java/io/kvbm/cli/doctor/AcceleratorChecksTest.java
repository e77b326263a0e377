package io.kvbm.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.spi.Finding;
import io.kvbm.api.spi.Finding.Status;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AcceleratorChecksTest {

  private static final String DRIVER =
      "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build\nGCC\n";

  @TempDir private Path root;
  private FakeFiles machine;

  @BeforeEach
  void anEmptyMachine() {
    machine = new FakeFiles(root);
  }

  private Finding gpu() {
    return new AcceleratorChecks(machine.machine()).gpu();
  }

  private Finding ucx() {
    return new AcceleratorChecks(machine.machine()).ucx();
  }

  @Test
  void without_a_device_node_that_is_said() {
    assertThat(gpu().status()).isEqualTo(Status.MISSING);
    assertThat(gpu().found()).isEqualTo("no NVIDIA device node (/dev/nvidia0)");
    machine.write("usr/lib/x86_64-linux-gnu/libcuda.so.1", "");
    machine.write("dev/nvidiactl", "");
    assertThat(gpu().found()).endsWith(", /usr/lib/x86_64-linux-gnu/libcuda.so.1");
  }

  @Test
  void a_card_without_a_driver_needs_one() {
    machine.write("sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n");
    machine.write("sys/bus/pci/devices/0000:01:00.0/class", "0x040300\n"); // its sound
    assertThat(gpu().found()).doesNotContain("card");
    machine.write("sys/bus/pci/devices/0000:01:00.1/vendor", "0x10de\n");
    machine.write("sys/bus/pci/devices/0000:01:00.1/class", "0x030200\n");
    assertThat(gpu().advice()).contains("nvidia-driver");
  }

  @Test
  void a_driver_without_a_device_is_a_container_that_was_given_none() {
    machine.write("proc/driver/nvidia/version", DRIVER);
    assertThat(gpu().found()).contains("driver 550.54.15");
    assertThat(gpu().advice()).contains("--gpus all");
  }

  @Test
  void a_device_with_driver_and_library_is_fine() {
    machine.write("dev/nvidia0", "").write("dev/nvidia1", "").write("dev/nvidia-uvm", "");
    machine.write("proc/driver/nvidia/version", DRIVER.replace("Open ", "").replace(" for", ""));
    assertThat(gpu().status()).isEqualTo(Status.MISSING);
    assertThat(gpu().advice()).contains("libcuda1");
    machine.write("opt/libs/libcuda.so.1", "");
    assertThat(gpu().status()).isEqualTo(Status.OK);
    assertThat(gpu().found())
        .isEqualTo("2 NVIDIA devices, driver 550.54.15, /opt/libs/libcuda.so.1");
    machine.write("proc/driver/nvidia/version", "something else\n");
    assertThat(gpu().found()).contains("driver of unknown version");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lib/libucp.so.0",
        "usr/lib/x86_64-linux-gnu/libucp.so.0",
        "usr/lib64/libucp.so.0",
        "opt/libs/libucp.so.0",
        "opt/ucx/lib/libucp.so.0"
      })
  void the_library_is_looked_for_where_the_loader_does(String place) {
    machine.write("etc/ld.so.conf.d/ucx.conf", "# fast\n/opt/ucx/lib\n");
    assertThat(ucx().status()).isEqualTo(Status.MISSING);
    assertThat(ucx().advice()).contains("apt-get install libucx0");
    machine.write(place, "");
    assertThat(ucx().found()).isEqualTo("/" + place + ", of unknown version");
  }

  @Test
  void the_package_knows_the_version() {
    machine.write("usr/lib/libucp.so.0", "");
    machine.write(
        "var/lib/dpkg/status",
        """
        Package: libuct
        Version: 9

        Package: libucx0
        Status: install ok installed
        Version: 1.13.1-1

        Package: other
        Version: 2
        """);
    assertThat(ucx().status()).isEqualTo(Status.OK);
    assertThat(ucx().found()).isEqualTo("/usr/lib/libucp.so.0, libucx0 1.13.1-1");
  }
}
