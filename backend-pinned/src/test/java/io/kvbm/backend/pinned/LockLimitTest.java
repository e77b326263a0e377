package io.kvbm.backend.pinned;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.testkit.RequiredTools;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Memory where the kernel lets a process lock 8 MiB, as many systems do by default. */
class LockLimitTest {

  private static final Path SETPRIV = Path.of("/usr/bin/setpriv");

  @BeforeEach
  void canBeLimited() {
    PinnedBackendTest.theKernelLocks();
    RequiredTools.assumeOrFail(
        "setpriv",
        !mayLockAll() || Files.isExecutable(SETPRIV),
        "this process may lock everything; setpriv of util-linux takes that from a child");
  }

  private static boolean mayLockAll() {
    return PosixPages.mayLockAll(Path.of("/proc/self/status"));
  }

  private static List<String> run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    if (mayLockAll()) {
      command.addAll(
          List.of(SETPRIV.toString(), "--inh-caps=-ipc_lock", "--bounding-set=-ipc_lock"));
    }
    command.addAll(List.of("/bin/sh", "-c", "ulimit -l 8192 && exec \"$@\"", "sh"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-Xmx64m",
            "-cp",
            System.getProperty("java.class.path"),
            LimitedProcess.class.getName()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(output).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    return output.lines().toList();
  }

  @Test
  void theMessageNamesTheLimitAndWhatRaisesIt() throws Exception {
    assertThat(run("false", "16777216"))
        .last()
        .asString()
        .contains("16777216 bytes cannot be page-locked")
        .contains("RLIMIT_MEMLOCK lets this process lock 8388608 bytes")
        .contains("ulimit -l")
        .contains("LimitMEMLOCK=")
        .contains("fallback=true");
  }

  @Test
  void whatFitsIsLockedThoughASlabDoesNot() throws Exception {
    assertThat(run("false", "1048576")).last().isEqualTo("locked 1024 KiB");
    assertThat(run("true", "1048576")).last().isEqualTo("locked 1024 KiB");
  }

  @Test
  void whatDoesNotFitIsTakenUnlockedWithAWarning() throws Exception {
    assertThat(run("true", "67108864"))
        .anySatisfy(line -> assertThat(line).contains("67,108,864 bytes are not page-locked"))
        .last()
        .isEqualTo("locked 0 KiB");
  }
}
