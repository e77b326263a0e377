package io.kvbm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.testkit.RequiredTools;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The script at the repository's root, as far as it goes without a build. */
@Timeout(60)
class LauncherTest {

  @TempDir private Path scratch;

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

  @Test
  void a_file_is_no_plugin_folder() throws Exception {
    Path file = Files.writeString(scratch.resolve("plugins"), "");

    assertThat(launch("--plugins", file.toString(), "backends"))
        .isEqualTo(
            new Invocation(
                2,
                "",
                "kvbm: "
                    + file
                    + " is no folder; --plugins needs one that has a folder for each plugin.\n"));
  }

  @Test
  void an_empty_name_is_no_plugin_folder() throws Exception {
    Invocation refused = new Invocation(2, "", "kvbm: --plugins needs a folder.\n");

    assertThat(launch("--plugins=", "backends")).isEqualTo(refused);
    assertThat(launch("--plugins", "", "backends")).isEqualTo(refused);
  }

  @ParameterizedTest
  @CsvSource({"-Dname=\"a b\", b\"", "*, *", "-Xmx64m nonsense -Xss1m, nonsense"})
  void what_is_no_option_of_the_jvm_is_not_started_as_a_class(String options, String word)
      throws Exception {
    Invocation ran =
        run(
            "bash",
            "-c",
            "KVBM_JAVA_OPTS=$1 exec \"$0\" backends --json",
            launcher.toString(),
            options);

    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err().lines())
        .singleElement()
        .asString()
        .startsWith("kvbm: '" + word + "' in KVBM_JAVA_OPTS is no option:");
  }

  @Test
  void a_working_directory_that_is_gone_is_named_before_a_jvm_fails_on_it() throws Exception {
    Path gone = Files.createDirectory(scratch.resolve("gone"));

    Invocation ran =
        run(
            "bash",
            "-c",
            "cd \"$1\" && rmdir \"$1\" && exec \"$0\" backends --json",
            launcher.toString(),
            gone.toString());

    // Bash itself complains when it starts there.
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err())
        .endsWith(
            "kvbm: the working directory does not exist any more; go to another one, such as:"
                + " cd /\n")
        .doesNotContain("java");
  }

  @Test
  void what_has_to_be_built_and_cannot_be_written_is_named() throws Exception {
    Path copy = copyOfLauncher();
    Path target = Files.writeString(scratch.resolve("target"), "a file, no folder");

    assertThat(startWithThisJdk(copy, "C.UTF-8", ""))
        .isEqualTo(
            new Invocation(
                1,
                "",
                "kvbm: kvbm has to be built and "
                    + target.toRealPath()
                    + " cannot be written; start it once as a user who may.\n"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"C", "POSIX", ""})
  void without_a_locale_files_can_still_have_any_name(String locale) throws Exception {
    Path copy = copyOfLauncher();
    Path home = Files.createDirectories(scratch.resolve("target/kvbm"));
    Files.createDirectories(home.resolve("conf"));
    Files.writeString(home.resolve(".modules"), "java.base");
    Files.writeString(home.resolve(".stamp"), "");

    Invocation ran = startWithThisJdk(copy, locale, "-XshowSettings:properties -version");

    assertThat(ran.err()).contains("sun.jnu.encoding = UTF-8");
  }

  private Path copyOfLauncher() throws IOException {
    Files.writeString(scratch.resolve("pom.xml"), "");
    return Files.copy(launcher, scratch.resolve("kvbm"), StandardCopyOption.COPY_ATTRIBUTES);
  }

  private static Invocation startWithThisJdk(Path launcher, String locale, String options)
      throws IOException, InterruptedException {
    return run(
        "bash",
        "-c",
        "unset LANG LC_CTYPE; LC_ALL=$1 KVBM_JAVA_OPTS=$2 KVBM_JAVA_HOME=$3 exec \"$0\" backends",
        launcher.toString(),
        locale,
        options,
        System.getProperty("java.home"));
  }
}
