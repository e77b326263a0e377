package io.kvbm.cli.settings;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.cli.Invocation;
import io.kvbm.cli.JsonText;
import io.kvbm.core.Platform;
import io.kvbm.core.config.ConfigSetting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigCommandTest {

  private static final Surroundings NOTHING = new Surroundings(Map.of(), Optional.empty());

  @TempDir private Path folder;

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("my.yaml"), text);
  }

  private static Surroundings environment(String variable, Object text) {
    return new Surroundings(Map.of(variable, text.toString()), Optional.empty());
  }

  private static String lineOf(Invocation ran, String path) {
    return ran.out()
        .lines()
        .filter(line -> line.startsWith(path + " "))
        .findFirst()
        .orElseThrow()
        .replaceAll(" {2,}", "|");
  }

  @Test
  void each_value_is_shown_with_its_origin() throws IOException {
    Path file = file("model.pageSize: 8\n");
    Surroundings surroundings = environment("DYN_KVBM_DISK_CACHE_DIR", "/nvme");

    Invocation ran = Invocation.in(surroundings, "config", "--config", file.toString());

    assertThat(ran.exitCode()).isZero();
    assertThat(ran.err()).isEmpty();
    assertThat(lineOf(ran, "model.pageSize")).isEqualTo("model.pageSize|8|" + file + ":1:17");
    assertThat(lineOf(ran, "model.numLayers")).isEqualTo("model.numLayers|32|default");
    assertThat(lineOf(ran, "backends.disk.dir"))
        .isEqualTo("backends.disk.dir|/nvme|environment variable DYN_KVBM_DISK_CACHE_DIR");
  }

  @Test
  void the_document_has_the_same_and_no_secret() throws IOException {
    Path file = file("runtime.salt: hunter2\n");

    Invocation ran = Invocation.in(environment("KVBM_CONFIG", file), "config", "--json");

    assertThat(ran.out()).doesNotContain("hunter2");
    Map<String, Object> document = JsonText.object(ran.out());
    assertThat(document).containsEntry("file", file.toString());
    assertThat((List<?>) document.get("settings"))
        .filteredOn(entry -> ((Map<?, ?>) entry).get("path").equals("runtime.salt"))
        .singleElement()
        .asInstanceOf(InstanceOfAssertFactories.MAP)
        .containsEntry("value", "***")
        .containsEntry("from", file + ":1:15")
        .containsEntry("set", true);
  }

  @Test
  void without_a_file_there_is_a_hint() {
    Invocation ran = Invocation.in(NOTHING, "config");
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.err()).contains("no configuration file", "KVBM_CONFIG");
    assertThat(JsonText.object(Invocation.in(NOTHING, "config", "--json").out()))
        .containsEntry("file", null);
  }

  @Test
  void the_option_wins_over_the_variable_over_the_installed_file() throws IOException {
    Path home = Files.createDirectories(folder.resolve("home"));
    Surroundings installed = new Surroundings(Map.of(), Optional.of(home));
    assertThat(new PlatformFactory(installed, null).file()).isEmpty();

    Path conf = Files.createDirectories(home.resolve("conf")).resolve("kvbm.yaml");
    Files.writeString(conf, "model.pageSize: 4\n");
    assertThat(new PlatformFactory(installed, null).file()).contains(conf);
    assertThat(lineOf(Invocation.in(installed, "config"), "model.pageSize")).contains("|4|");

    Surroundings both =
        new Surroundings(Map.of("KVBM_CONFIG", "/from/variable"), Optional.of(home));
    assertThat(new PlatformFactory(both, null).file()).contains(Path.of("/from/variable"));
    assertThat(new PlatformFactory(both, Path.of("x")).file()).contains(Path.of("x"));
  }

  @Test
  void a_file_is_checked_as_a_whole() throws IOException {
    Path wrong = file("model: {pageSise: 8, numLayers: 0}\n");

    Invocation ran = Invocation.in(NOTHING, "config", "--check", wrong.toString());
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.err().lines())
        .satisfiesExactly(
            line -> assertThat(line).contains(wrong + ":1:9: ", "model.pageSize"),
            line -> assertThat(line).contains(wrong + ":1:33: ", "1 to 128"));

    Invocation json = Invocation.in(NOTHING, "config", "--check", wrong.toString(), "--json");
    assertThat(json.exitCode()).isEqualTo(1);
    assertThat(JsonText.object(json.out())).containsEntry("valid", false);
    assertThat((List<?>) JsonText.object(json.out()).get("problems")).hasSize(2);

    Path right = file("model: {pageSize: 8}\n");
    Invocation fine = Invocation.in(NOTHING, "config", "--check", right.toString());
    assertThat(fine.exitCode()).isZero();
    assertThat(fine.out()).isEqualToIgnoringNewLines(right + " is right");
  }

  @Test
  void a_wrong_file_ends_each_command_that_opens_a_platform_in_one_line() throws IOException {
    Path wrong = file("tiers: {host: {blcks: 8}}\n");
    for (String command : List.of("config", "backends", "replay")) {
      Invocation ran = Invocation.in(NOTHING, "--config", wrong.toString(), command);
      assertThat(ran.exitCode()).as(command).isEqualTo(1);
      assertThat(ran.err().lines())
          .singleElement()
          .asString()
          .startsWith("kvbm: " + wrong + ":1:16: there is no setting 'tiers.host.blcks'");
    }
    Invocation unknown = Invocation.in(environment("KVBM_MODEL_PAGESIZE", 1), "backends");
    assertThat(unknown.err()).contains("nearest known one is KVBM_MODEL_PAGE_SIZE");
  }

  @Test
  void the_schema_lists_every_setting() {
    Invocation ran = Invocation.in(NOTHING, "config", "--schema");
    Invocation json = Invocation.in(NOTHING, "config", "--schema", "--json");
    List<?> listed = (List<?>) JsonText.object(json.out()).get("settings");

    List<ConfigSetting> settings = Platform.builder().schema().settings();
    assertThat(listed)
        .extracting(entry -> ((Map<?, ?>) entry).get("path"))
        .isEqualTo(settings.stream().map(ConfigSetting::path).toList());
    assertThat(ran.out().lines()).hasSize(settings.size() + 2);
    assertThat(JsonText.object(Invocation.in(NOTHING, "config", "--docs", "--json").out()))
        .containsOnlyKeys("text");
  }

  /** What ships together must be free of clashes; a third party's is found at run time. */
  @Test
  void no_variable_of_the_shipped_modules_stands_for_two_settings() {
    assertThat(Platform.builder().schema().clashes()).isEmpty();
  }

  @Test
  void replay_takes_its_tiers_from_the_file_and_options_win() throws IOException {
    Path disk = Files.createDirectories(folder.resolve("disk"));
    Path file =
        file(
            """
            tiers:
              host: {blocks: 20, policy: fifo}
              disk: {blocks: 30}
            backends.disk: {dir: %s, direct: false}
            """
                .formatted(disk));
    Path trace = folder.resolve("trace.jsonl");
    Files.writeString(
        trace,
        """
        {"timestamp": 0, "input_length": 1024, "output_length": 1, "hash_ids": [1, 2]}
        {"timestamp": 1, "input_length": 1024, "output_length": 1, "hash_ids": [1, 2]}
        """);

    Invocation ran =
        Invocation.in(
            NOTHING,
            "replay",
            "--json",
            "--block-bytes",
            "4KiB",
            "--disk",
            "40",
            "--trace",
            trace.toString(),
            "--config",
            file.toString());

    assertThat(ran.exitCode()).as(ran.err()).isZero();
    assertThat(ran.out())
        .contains("\"blocks\":20", "\"blocks\":40")
        .doesNotContain("\"blocks\":256,");
  }

  @Test
  void an_empty_file_name_is_a_usage_error() {
    for (String name : List.of("", " ")) {
      Invocation ran = Invocation.in(NOTHING, "config", "--config", name, "--json");

      assertThat(ran.exitCode()).isEqualTo(2);
      assertThat(ran.out()).isEmpty();
      assertThat(ran.err()).startsWith("kvbm: --config is empty; name a file\n");
    }
  }

  @Test
  void a_file_that_is_no_yaml_is_checked_with_a_document_too() throws IOException {
    Path file = file("tiers: [\n");

    Invocation ran = Invocation.in(NOTHING, "config", "--check", file.toString(), "--json");

    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.err().lines()).singleElement().asString().startsWith("kvbm: " + file + ":1:");
    Map<String, Object> document = JsonText.object(ran.out());
    assertThat(document).containsEntry("valid", false);
    assertThat(document.get("problems"))
        .asInstanceOf(InstanceOfAssertFactories.LIST)
        .containsExactly(ran.err().strip().substring("kvbm: ".length()));
  }

  @Test
  void two_questions_at_once_are_refused_in_the_words_of_the_program() {
    Invocation ran = Invocation.in(NOTHING, "config", "--schema", "--sample");

    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.err()).startsWith("kvbm: --schema, --sample are mutually exclusive");
  }
}
