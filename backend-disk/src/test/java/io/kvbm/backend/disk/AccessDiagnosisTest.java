package io.kvbm.backend.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.Finding;
import io.kvbm.api.spi.Finding.Scope;
import io.kvbm.api.spi.Finding.Status;
import io.kvbm.backend.disk.file.Errno;
import io.kvbm.backend.disk.file.Posix;
import io.kvbm.testkit.RequiredTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AccessDiagnosisTest {

  private static final Path HERE = Path.of("/");

  @TempDir Path directory;
  @TempDir Path root;
  private FakeMachine machine;

  @BeforeEach
  void aMachineThatAllowsEverything() {
    machine =
        new FakeMachine(root)
            .write("proc/sys/kernel/io_uring_disabled", "0\n")
            .write("proc/self/status", "Name:\tjava\nSeccomp:\t0\nSeccomp_filters:\t0\n");
  }

  private Finding explained(int errno) {
    return new AccessDiagnosis(root, null).explain(errno);
  }

  @Test
  void directAccessIsTriedAndLeavesNothing() throws IOException {
    DirectDirectory.assume(directory);
    Finding finding = new AccessDiagnosis(HERE, Posix.find().orElse(null)).direct(directory);
    assertThat(finding.status()).as("%s", finding).isEqualTo(Status.OK);
    assertThat(finding.found()).startsWith("works in " + directory).contains("4096 bytes");
    try (Stream<Path> entries = Files.list(directory)) {
      assertThat(entries).isEmpty();
    }
  }

  @Test
  void memoryHasNoDirectAccess() {
    Path memory = Path.of("/dev/shm");
    RequiredTools.assumeOrFail(
        "dev-shm",
        Files.isWritable(memory),
        "this system has no /dev/shm to write to, where files are in memory");
    Finding finding = new AccessDiagnosis(HERE, Posix.find().orElse(null)).direct(memory);
    assertThat(finding.status()).isEqualTo(Status.MISSING);
    assertThat(finding.found()).contains("cannot bypass the page cache in /dev/shm");
    assertThat(finding.advice()).contains("tmpfs has only the page cache", "ext4");
  }

  @Test
  void aDirectoryThatIsNotThereIsNotMade() {
    Path missing = directory.resolve("a b");
    Finding finding = new AccessDiagnosis(HERE, null).direct(missing);
    assertThat(finding.status()).isEqualTo(Status.HINT);
    assertThat(finding.advice()).isEqualTo("mkdir -p '" + missing + "'");
    assertThat(missing).doesNotExist();
  }

  @Test
  void aDirectoryThatCannotBeWrittenSaysSo() {
    Finding finding = new AccessDiagnosis(HERE, Posix.find().orElse(null)).direct(Path.of("/proc"));
    assertThat(finding.status()).isEqualTo(Status.MISSING);
    assertThat(finding.advice()).contains("--dir DIR");
  }

  @Test
  void aRingIsReallyMadeOrRefusedWithAReason() {
    Posix posix = Posix.find().orElse(null);
    Finding finding = new AccessDiagnosis(HERE, posix).ioUring();
    if (posix == null) {
      assertThat(finding.found()).startsWith("not tried");
    } else if (finding.status() == Status.OK) {
      int ring = posix.ioUringSetup(8);
      assertThat(ring).isPositive();
      assertThat(posix.close(ring)).isZero();
    } else {
      assertThat(finding.found()).startsWith("io_uring_setup fails with E");
      assertThat(posix.ioUringSetup(8)).isNegative();
    }
    assertThat(new AccessDiagnosis(HERE, null).ioUring().status()).isEqualTo(Status.HINT);
  }

  @Test
  void theKernelRefusesARingWithoutEntries() {
    Posix posix = Posix.find().orElse(null);
    RequiredTools.assumeOrFail("linux", posix != null, "the C library cannot be called here");
    assertThat(posix.ioUringSetup(0)).isIn(-Errno.EINVAL, -Errno.EPERM, -Errno.ENOSYS);
  }

  @ParameterizedTest
  @CsvSource({
    "2, is 2, kernel.io_uring_disabled=0",
    "1, is 1, kernel.io_uring_group=GID",
    "0, security module, AppArmor"
  })
  void aRefusalNamesTheSwitchOfTheKernel(String value, String found, String advice) {
    machine.write("proc/sys/kernel/io_uring_disabled", value + "\n");
    Finding finding = explained(Errno.EPERM);
    assertThat(finding.status()).isEqualTo(Status.MISSING);
    assertThat(finding.found()).contains("EPERM", found);
    assertThat(finding.advice()).contains(advice);
  }

  @ParameterizedTest
  @CsvSource({"1, EPERM", "38, ENOSYS"})
  void aRefusalOfAContainerNamesTheFilter(int errno, String name) {
    machine.write("proc/self/status", "Name:\tjava\nSeccomp:\t2\nSeccomp_filters:\t1\n");
    Finding finding = explained(errno);
    assertThat(finding.found()).contains(name, "seccomp filter");
    assertThat(finding.advice()).contains("--security-opt seccomp");
  }

  @ParameterizedTest
  @CsvSource({
    "38, ENOSYS: the kernel is older, CONFIG_IO_URING",
    "12, ENOMEM, ulimit -l",
    "24, EMFILE, ulimit -n",
    "13, EACCES, AppArmor",
    "99, error 99, dmesg"
  })
  void otherFailuresHaveTheirReason(int errno, String found, String advice) {
    assertThat(explained(errno).found()).contains(found);
    assertThat(explained(errno).advice()).contains(advice);
  }

  @Test
  void aMachineWithoutTheFilesIsExplainedAllTheSame(@TempDir Path empty) {
    assertThat(new AccessDiagnosis(empty, null).explain(Errno.EPERM).found()).contains("EPERM");
  }

  @Test
  void theProviderLooksAtItsDirectoryOnlyWhereOneIsNamed() {
    DiskBackendProvider provider = new DiskBackendProvider();
    assertThat(provider.diagnose(BackendConfig.empty()))
        .extracting(Finding::name)
        .containsExactly("direct-io", "io-uring", "disk-engine");
    assertThat(provider.diagnose(BackendConfig.of("dir", directory.toString())))
        .filteredOn(finding -> finding.scope() == Scope.DIRECTORY)
        .extracting(Finding::name)
        .contains("mount", "file-system", "atime", "medium");
    assertThat(provider.diagnose(BackendConfig.of("dir", directory.resolve("none").toString())))
        .filteredOn(finding -> finding.scope() == Scope.DIRECTORY)
        .extracting(Finding::status)
        .containsExactly(Status.MISSING);
    assertThat(provider.diagnose(BackendConfig.of("direct", "maybe")))
        .extracting(Finding::found)
        .first()
        .asString()
        .contains("'maybe'");
  }
}
