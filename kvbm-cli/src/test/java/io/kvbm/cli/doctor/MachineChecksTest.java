package io.kvbm.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.spi.Finding;
import io.kvbm.api.spi.Finding.Status;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MachineChecksTest {

  @TempDir private Path root;

  private Finding finding(String name) {
    return new MachineChecks(new FakeFiles(root).machine())
        .findings().stream().filter(f -> f.name().equals(name)).findFirst().orElseThrow();
  }

  @ParameterizedTest
  @CsvSource({
    "1024, 1048576, HINT, '1024, can be raised to 1048576'",
    "1024, 1024, HINT, 1024",
    "4096, 4096, OK, 4096",
    "unlimited, unlimited, OK, unlimited"
  })
  void open_files_are_limited(String soft, String hard, Status status, String found) {
    new FakeFiles(root)
        .write(
            "proc/self/limits",
            """
            Limit                     Soft Limit           Hard Limit           Units
            Max processes             96365                96365                processes
            Max open files            %-20s %-20s files
            """
                .formatted(soft, hard));
    assertThat(finding("open-files").status()).isEqualTo(status);
    assertThat(finding("open-files").found()).isEqualTo(found);
    if (status == Status.HINT) {
      assertThat(finding("open-files").advice()).contains("ulimit -n", "LimitNOFILE", "limits.d");
    }
  }

  @ParameterizedTest
  @CsvSource({"4.19.0-27, HINT", "5.9.1, HINT", "5.10.0-35, OK", "6.18.44-x, OK", "odd, OK"})
  void a_kernel_is_judged_by_its_release(String release, Status status) {
    new FakeFiles(root).write("proc/sys/kernel/osrelease", release + "\n");
    assertThat(finding("kernel").status()).isEqualTo(status);
    assertThat(finding("kernel").found()).startsWith(release);
  }

  @Test
  void what_cannot_be_read_is_unknown() {
    assertThat(finding("open-files").found()).startsWith("unknown");
    assertThat(finding("kernel").status()).isEqualTo(Status.HINT);
    assertThat(finding("java").found()).startsWith(Runtime.version().toString());
  }
}
