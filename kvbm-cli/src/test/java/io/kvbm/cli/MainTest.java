package io.kvbm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.spi.CommandProvider;
import io.kvbm.cli.spi.Subcommand;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class MainTest {

  @TempDir private Path scratch;

  @Command(name = "probe", description = "A command of the test.")
  private static final class Probe implements Subcommand {

    private final Subcommand work;

    @Option(names = "--number")
    private int number;

    private Probe(Subcommand work) {
      this.work = work;
    }

    @Override
    public int run(Console console) throws Exception {
      return work.run(console);
    }
  }

  @Command(name = "clash")
  private static final class Clash {
    @Option(names = "--json")
    private boolean json;
  }

  @Command(name = "group", subcommands = Member.class)
  private static final class Group {}

  @Command(name = "member")
  private static final class Member implements Subcommand {
    @Override
    public int run(Console console) {
      console.line("member ran");
      return OK;
    }
  }

  private static Invocation run(Subcommand work, String... args) {
    return Invocation.of(List.of(() -> new Probe(work)), args);
  }

  private static Invocation failWith(Exception e, String... args) {
    return run(
        console -> {
          throw e;
        },
        args);
  }

  @Test
  void the_command_decides_the_exit_code() {
    assertThat(run(console -> Subcommand.OK, "probe").exitCode()).isZero();
    assertThat(run(console -> Subcommand.FAILED, "probe").exitCode()).isEqualTo(1);
  }

  @Test
  void json_mode_keeps_everything_but_the_document_off_standard_output() {
    Invocation ran =
        run(
            console -> {
              console.line("for people");
              console.document(json -> json.writeString("für Maschinen"));
              return Subcommand.OK;
            },
            "probe",
            "--json");

    assertThat(ran.out()).isEqualTo("\"für Maschinen\"\n");
    assertThat(ran.err()).isEqualToIgnoringNewLines("for people");
  }

  @Test
  void global_options_stand_before_or_behind_the_command() {
    Subcommand work =
        console -> {
          console.note(console.isJson() + " " + console.isVerbose());
          return Subcommand.OK;
        };

    assertThat(run(work, "--json", "probe", "--verbose").err()).startsWith("true true");
    assertThat(run(work, "probe").err()).startsWith("false false");
  }

  @Test
  void a_platform_error_passes_its_message_through() {
    Invocation ran =
        failWith(
            new CapacityException(ErrorCode.ALLOCATION_FAILED, "4 of 3 blocks\nasked for", 4, 3),
            "probe");

    assertThat(ran)
        .isEqualTo(new Invocation(1, "", "kvbm: 4 of 3 blocks asked for" + System.lineSeparator()));
  }

  @Test
  void an_unexpected_error_is_one_line_that_says_what_to_do() {
    Invocation ran = failWith(new IllegalArgumentException("odd"), "probe", "--json");

    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err().lines())
        .singleElement()
        .asString()
        .startsWith("kvbm: unexpected IllegalArgumentException (odd); ")
        .contains("--verbose");
  }

  @Test
  void verbose_shows_the_stack_trace() {
    assertThat(failWith(new IllegalArgumentException("odd"), "probe", "--verbose").err())
        .contains("kvbm: unexpected", "\tat io.kvbm.cli.MainTest");
  }

  @Test
  void failures_of_files_are_told_in_words() {
    assertThat(failWith(new NoSuchFileException("/a/b"), "probe").err())
        .startsWith("kvbm: /a/b does not exist");
    assertThat(failWith(new AccessDeniedException("/a/b"), "probe").err())
        .startsWith("kvbm: /a/b: permission denied");
    assertThat(failWith(new IOException("bad disk"), "probe").err())
        .startsWith("kvbm: input or output failed: IOException (bad disk)");
  }

  @Test
  void running_out_of_memory_names_the_limit_and_how_to_raise_it() {
    Invocation ran =
        run(
            console -> {
              throw new OutOfMemoryError("Java heap space");
            },
            "probe");

    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.err().lines()).singleElement().asString().contains("iB", "KVBM_JAVA_OPTS");
  }

  @ParameterizedTest
  @ValueSource(strings = {"probe --nubmer 3", "probe --number x", "probe 7", "prbe", "", "--bogus"})
  void a_wrong_command_line_is_exit_code_2_and_two_lines(String args) {
    Invocation ran =
        run(console -> Subcommand.OK, args.isEmpty() ? new String[0] : args.split(" "));

    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err().lines()).hasSize(2);
    assertThat(ran.err()).startsWith("kvbm: ").contains("--help");
  }

  @Test
  void a_typing_error_is_answered_with_what_may_be_meant() {
    assertThat(run(console -> Subcommand.OK, "probe", "--nubmer", "3").err())
        .contains("did you mean --number");
    assertThat(run(console -> Subcommand.OK, "prbe").err()).contains("did you mean", "probe");
  }

  @Test
  void what_is_refused_is_named_in_words() {
    assertThat(run(console -> Subcommand.OK, "prbe").err())
        .startsWith("kvbm: there is no command 'prbe'; known: probe");
    assertThat(run(console -> Subcommand.OK, "probe", "7").err())
        .startsWith("kvbm: '7' is not expected here");
    assertThat(run(console -> Subcommand.OK, "probe", "--number", "x").err())
        .contains("'x' is not a whole number");
    assertThat(run(console -> Subcommand.OK, "probe", "--number", "-2147483649").err())
        .contains("'-2147483649' is too small, at least -2147483648");
  }

  @Test
  void help_says_how_to_get_backends_and_benchmarks() {
    assertThat(Invocation.of("--help").out()).contains("--plugins DIR", "kvbm bench --help");
  }

  @Test
  void help_is_a_result_and_lists_the_global_options() {
    Invocation ran = run(console -> Subcommand.FAILED, "probe", "--help");

    assertThat(ran.exitCode()).isZero();
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out()).contains("A command of the test.", "--json", "--verbose", "--help");
    assertThat(run(console -> Subcommand.FAILED, "--help").out()).contains("probe");
  }

  @Test
  void the_version_is_shown_as_text_and_as_json() {
    assertThat(Invocation.of("--version").out()).startsWith("kvbm ").contains("SPI 1.");
    assertThat(JsonText.object(Invocation.of("--version", "--json").out()))
        .containsOnlyKeys("version", "spi", "java");
  }

  @Test
  void a_reader_that_went_away_is_no_news() throws IOException {
    ByteArrayOutputStream err = new ByteArrayOutputStream();

    assertThat(runInto(refusing("Broken pipe"), err)).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  @Test
  void a_result_that_cannot_be_written_is_a_failure() throws IOException {
    ByteArrayOutputStream err = new ByteArrayOutputStream();

    assertThat(runInto(refusing("No space left on device"), err)).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .isEqualToIgnoringNewLines(
            "kvbm: cannot write the result to standard output: No space left on device");
  }

  private static int runInto(OutputStream out, OutputStream err) {
    Subcommand work =
        console -> {
          console.line("result");
          return Subcommand.OK;
        };
    CommandProvider provider = () -> new Probe(work);
    return Main.run(
        new String[] {"probe"},
        new Console(out, err, StandardCharsets.UTF_8, false),
        List.of(provider).iterator());
  }

  private static OutputStream refusing(String reason) {
    return new OutputStream() {
      @Override
      public void write(int value) throws IOException {
        throw new IOException(reason);
      }
    };
  }

  @Test
  void a_broken_provider_costs_only_its_own_command() {
    List<CommandProvider> providers =
        List.of(Clash::new, Object::new, () -> new Probe(console -> Subcommand.OK));

    Invocation ran = Invocation.of(providers, "probe");

    assertThat(ran.exitCode()).isZero();
    assertThat(ran.err().lines()).hasSize(2).allMatch(line -> line.contains("is left out"));
  }

  @Test
  void groups_of_commands_pass_the_global_options_on() {
    List<CommandProvider> providers = List.of(Group::new);

    assertThat(Invocation.of(providers, "group", "member").out())
        .isEqualToIgnoringNewLines("member ran");
    assertThat(Invocation.of(providers, "group", "member", "--json").out()).isEmpty();
    assertThat(Invocation.of(providers, "group").exitCode()).isEqualTo(2);
    assertThat(Invocation.of(providers, "group").err()).contains("One of: member");
  }

  @Test
  void commands_are_listed_by_name() {
    List<CommandProvider> providers = List.of(() -> new Probe(console -> 0), Group::new);

    assertThat(Invocation.of(providers, "--help").out())
        .containsSubsequence("Commands:", "group", "probe");
  }

  @ParameterizedTest
  @ValueSource(strings = {"backends --plugins /x", "--json --plugins=/x backends"})
  void plugins_in_the_wrong_place_are_told_theirs(String line) {
    Invocation ran = Invocation.of(line.split(" "));

    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err())
        .startsWith(
            "kvbm: --plugins is for the launcher and stands first: kvbm --plugins DIR COMMAND\n");
  }

  @Test
  void a_name_that_begins_with_an_at_sign_is_no_file_of_arguments() throws IOException {
    Path arguments = Files.writeString(scratch.resolve("arguments"), "backends");

    Invocation ran = Invocation.of("@" + arguments);

    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err()).startsWith("kvbm: there is no command '@" + arguments + "'");
  }

  @Test
  void surroundings_that_cannot_be_named_are_an_error_of_one_line() {
    Invocation ran =
        Invocation.in(
            () -> {
              throw new InvalidPathException("/tmp/\uFFFD", "unmappable characters");
            },
            "backends",
            "--json");

    assertThat(ran)
        .isEqualTo(
            new Invocation(
                1,
                "",
                "kvbm: no file can be named '/tmp/\uFFFD' here: unmappable characters; in a locale"
                    + " such as LC_ALL=C.UTF-8 every name can be\n"));
  }
}
