package io.kvbm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.testkit.RequiredTools;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The script at the repository's root, as far as it goes without a build. */
@Timeout(60)
class LauncherTest {

  private final Path launcher = repository().resolve("kvbm");

  @BeforeEach
  void needsBash() {
    RequiredTools.assumeOrFail(
        "bash",
        Files.isExecutable(Path.of("/bin/bash")) || Files.isExecutable(Path.of("/usr/bin/bash")),
        "the launcher is a bash script and this system has no bash");
  }

  /** Maven starts tests in the module's folder, other tools in the repository's. */
  private static Path repository() {
    Path folder = Path.of("").toAbsolutePath();
    return Files.isDirectory(folder.resolve("kvbm-cli")) ? folder : folder.getParent();
  }

  private static Invocation run(String... command) throws IOException, InterruptedException {
    Path errors = Files.createTempFile("kvbm-launcher-", ".txt");
    try {
      Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Invocation(process.waitFor(), out, Files.readString(errors));
    } finally {
      Files.delete(errors);
    }
  }

  private Invocation launch(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    return run(command.toArray(String[]::new));
  }

  @Test
  void it_can_be_executed_and_is_correct_bash() throws Exception {
    assertThat(launcher).isExecutable();

    assertThat(run("bash", "-n", launcher.toString())).isEqualTo(new Invocation(0, "", ""));
  }

  @Test
  void a_plugin_folder_that_is_not_there_is_a_usage_error() throws Exception {
    Invocation ran = launch("--plugins", "/nonexistent/plugins", "backends");

    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err())
        .isEqualTo("kvbm: the plugin folder /nonexistent/plugins does not exist.\n");
    assertThat(launch("--plugins").exitCode()).isEqualTo(2);
  }
}
