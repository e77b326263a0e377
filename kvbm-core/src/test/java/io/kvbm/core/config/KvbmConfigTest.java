package io.kvbm.core.config;

import static io.kvbm.core.config.TestSchemas.WITH_BACKENDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.core.tier.CacheLevel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KvbmConfigTest {

  private static final String HOST_BLOCKS = CoreSettings.tier(CacheLevel.HOST, CoreSettings.BLOCKS);

  @TempDir private Path folder;

  private KvbmConfig.Builder file(String text) {
    return KvbmConfig.builder().file(TestSchemas.write(folder, text));
  }

  private static KvbmConfig.Builder environment(String variable, String text) {
    return KvbmConfig.builder().environment(Map.of(variable, text));
  }

  @Test
  void nothingSetIsTheDefaults() {
    KvbmConfig config = file("").build(WITH_BACKENDS);

    assertThat(config.requiredInt(HOST_BLOCKS)).isZero();
    assertThat(config.string("model.dtype")).contains("fp16");
    assertThat(config.byteSize(CoreSettings.MAX_BYTES_IN_FLIGHT)).contains(256L << 20);
    assertThat(config.integer(CoreSettings.IO_THREADS)).isEmpty();
    assertThat(config.isSet(HOST_BLOCKS)).isFalse();
    assertThat(config.origin(HOST_BLOCKS)).hasToString("default");
    assertThat(config.plugins()).isEmpty();
    assertThat(config.backend("tape").values()).isEmpty();
    assertThat(config.schema()).isSameAs(WITH_BACKENDS);
  }

  @Test
  void programWinsOverEnvironmentOverFileOverDefault() {
    String yaml = "tiers:\n  host:\n    blocks: 1\n    policy: fifo\nmodel: {pageSize: 8}\n";
    KvbmConfig.Builder sources =
        file(yaml)
            .environment(Map.of("KVBM_TIERS_HOST_BLOCKS", "2", "KVBM_TIERS_HOST_POLICY", "lru"));

    assertThat(sources.build(WITH_BACKENDS).requiredInt(HOST_BLOCKS)).isEqualTo(2);

    KvbmConfig config = sources.set(HOST_BLOCKS, "3", "option --host").build(WITH_BACKENDS);
    assertThat(config.requiredInt(HOST_BLOCKS)).isEqualTo(3);
    assertThat(config.origin(HOST_BLOCKS)).hasToString("option --host");
    assertThat(config.string("tiers.host.policy")).contains("lru");
    assertThat(config.origin("tiers.host.policy"))
        .hasToString("environment variable KVBM_TIERS_HOST_POLICY");
    assertThat(config.requiredInt("model.pageSize")).isEqualTo(8);
    assertThat(config.origin("model.pageSize"))
        .isEqualTo(new ConfigOrigin.InFile(folder.resolve("kvbm.yaml").toString(), 5, 19));
  }

  @Test
  void aLaterFileWins() {
    Path first = TestSchemas.write(folder, "model.pageSize: 8\nmodel.numLayers: 3\n");
    KvbmConfig.Builder sources = KvbmConfig.builder().file(first);
    TestSchemas.write(folder, "model.pageSize: 9\n");

    KvbmConfig config = sources.file(first).build(WITH_BACKENDS);

    assertThat(config.requiredInt("model.pageSize")).isEqualTo(9);
    assertThat(config.requiredInt("model.numLayers")).isEqualTo(3);
  }

  @Test
  void backendsHaveTheirOwnSections() {
    KvbmConfig config =
        file("""
        backends:
          tape: {reelLength: 12, wait: 50ms, dir: /a b}
          tape@1.0:
            reelLength: 13
        """)
            .build(WITH_BACKENDS);

    assertThat(config.backend("tape").values())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("reelLength", "12", "wait", "50ms", "dir", "/a b"));
    assertThat(config.backend("tape@1.0").integer("reelLength")).contains(13L);
    assertThat(config.duration("backends.tape.wait")).contains(Duration.ofMillis(50));
    assertThat(config.path("backends.tape.dir")).contains(Path.of("/a b"));
    assertThat(
            environment("KVBM_BACKENDS_TAPE_1_0_REEL_LENGTH", "4")
                .build(WITH_BACKENDS)
                .backend("tape@1.0")
                .values())
        .containsEntry("reelLength", "4");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          tiers.host.blcks: 1|:1:1: there is no setting 'tiers.host.blcks'; the nearest known one is 'tiers.host.blocks'
          teirs: {}|:1:1: there is no setting 'teirs'; the nearest known one is 'tiers'
          teirs: {host: {blocks: 1}}|:1:1: there is no setting 'teirs'; the nearest known one is 'tiers'
          tiers.host.blocks: many|:1:20: 'tiers.host.blocks' is 'many', expected a whole number, 0 to 2147483647; correct the line or remove it
          tiers.host.blocks: -1|'-1', expected a whole number, 0 to
          tiers.host.blocks:|:1:1: 'tiers.host.blocks' has no value, expected a whole number
          tiers.host.blocks: {a: 1}|:1:1: 'tiers.host.blocks' is a setting, not a section
          tiers.host: 7|:1:13: 'tiers.host' is a section, not a setting; write its settings below it
          platform.leakDetection: yes|'yes', expected true or false
          model.dtype: fp17|expected fp16, fp32
          platform.memoryBudget: lots|expected bytes such as 4096, 64KiB or 2GiB, at least 0
          transfers.bounceByteSize: 1|expected bytes such as 4096, 64KiB or 2GiB, at least 2
          backends.cuda.streams: 2|no such backend is installed (there are tape, tape@1.0); install it or remove the setting
          backends.tap.reelLength: 2|no such backend is installed
          backends.tape.reellength: 2|the nearest known one is 'backends.tape.reelLength'
          backends.tape.reelLength: 901|expected a whole number, 1 to 900
          backends.tape.wait: soon|expected a duration such as 50ms or 2s
          """)
  void whatAFileSaysWrongIsToldWithItsPlaceAndWhatToDo(String yaml, String expected) {
    assertThatThrownBy(() -> file(yaml).build(WITH_BACKENDS))
        .isInstanceOf(ConfigurationException.class)
        .message()
        .startsWith(folder.toString())
        .contains(expected)
        .doesNotContain("\n");
  }

  @Test
  void everyProblemIsToldOnce() {
    KvbmConfig.Builder sources =
        file("tirs:\n  a: 1\n  b: {c: 2}\nmodel:\n  pageSize: 0\n")
            .environment(Map.of("KVBM_MODEL_PAGE_SIZ", "8"))
            .set("model.pagesize", "8");

    assertThat(sources.problems(WITH_BACKENDS))
        .satisfiesExactly(
            line -> assertThat(line).contains(":1:1: there is no setting 'tirs'"),
            line -> assertThat(line).contains(":5:13: 'model.pageSize' is '0'"),
            line ->
                assertThat(line)
                    .isEqualTo(
                        "environment variable KVBM_MODEL_PAGE_SIZ stands for no setting; the"
                            + " nearest known one is KVBM_MODEL_PAGE_SIZE; correct the variable or"
                            + " unset it"),
            line ->
                assertThat(line)
                    .isEqualTo(
                        "set by the program: there is no setting 'model.pagesize'; the nearest"
                            + " known one is 'model.pageSize'"));
    assertThatThrownBy(() -> sources.build(WITH_BACKENDS)).hasMessageContaining("3 more problems");
  }

  @Test
  void aVariableThatDoesNotFitIsNamed() {
    assertThatThrownBy(() -> environment("KVBM_MODEL_PAGE_SIZE", "").build(WITH_BACKENDS))
        .hasMessage(
            "environment variable KVBM_MODEL_PAGE_SIZE: 'model.pageSize' is '', expected a whole"
                + " number, 1 to 1024; correct the variable or unset it");
  }

  @Test
  void variablesOfLauncherTestsAndOthersAreLeftAlone() {
    Map<String, String> others =
        EnvironmentNames.RESERVED.stream().collect(Collectors.toMap(name -> name, _ -> "x"));
    assertThat(KvbmConfig.builder().environment(others).problems(WITH_BACKENDS)).isEmpty();
    assertThat(environment("DYN_KVBM_SOMETHING", "x").problems(WITH_BACKENDS)).isEmpty();
    assertThat(environment("PATH", "x").problems(WITH_BACKENDS)).isEmpty();
    assertThat(EnvironmentNames.ofProcess()).isEqualTo(System.getenv());
  }

  @Test
  void aVariableFromElsewhereStandsForItsSettingBelowOurOwn() {
    String path = "backends.tape.reelLength";
    KvbmConfig alias = environment("OLD_REEL", "5").build(WITH_BACKENDS);
    assertThat(alias.integer(path)).contains(5L);
    assertThat(alias.origin(path)).hasToString("environment variable OLD_REEL");
    assertThat(environment("OLD_REEL", " ").build(WITH_BACKENDS).isSet(path)).isFalse();
    assertThat(
            KvbmConfig.builder()
                .environment(Map.of("OLD_REEL", "5", "KVBM_BACKENDS_TAPE_REEL_LENGTH", "6"))
                .build(WITH_BACKENDS)
                .integer(path))
        .contains(6L);
    assertThatThrownBy(() -> environment("OLD_REEL", "0").build(WITH_BACKENDS))
        .hasMessageStartingWith("environment variable OLD_REEL: '" + path + "' is '0'");
  }

  @Test
  void pluginsAreKnownBeforeTheBackendsAre() {
    KvbmConfig.Builder sources =
        file("platform.plugins: /p\nbackends.elsewhere.key: 1\nmodel.pageSize: none\n");
    assertThat(sources.plugins()).contains(Path.of("/p"));
    assertThat(environment("KVBM_PLUGINS", "/q").plugins()).contains(Path.of("/q"));
    assertThat(environment("KVBM_PLUGINS", "").plugins()).isEmpty();
    assertThat(environment("KVBM_PLUGINS", "/q").build(WITH_BACKENDS).plugins())
        .contains(Path.of("/q"));
    assertThatThrownBy(() -> environment("KVBM_PLATFORM_PLUGINS", "a\0b").plugins())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected a path");
  }

  @Test
  void aSecretIsInNoMessage() {
    KvbmConfig config = file("backends.tape.password: hunter2\n").build(WITH_BACKENDS);
    assertThat(config.invalid("backends.tape.password", "too short", null).getMessage())
        .contains("'backends.tape.password' is '***': too short; correct the line or remove it")
        .doesNotContain("hunter2");
    assertThatThrownBy(() -> file("backends.tape.pin: hunter2").build(WITH_BACKENDS))
        .hasMessageContaining("is '***', expected a whole number")
        .hasMessageNotContaining("hunter2");
  }

  @Test
  void aSettingThatDoesNotExistCannotBeAskedFor() {
    KvbmConfig config = KvbmConfig.builder().build(WITH_BACKENDS);
    assertThatThrownBy(() -> config.string("model.pages"))
        .isInstanceOf(CallerException.class)
        .hasMessageContaining("model.pageSize");
    assertThatThrownBy(() -> config.requiredInt(CoreSettings.IO_THREADS))
        .isInstanceOf(CallerException.class)
        .hasMessageContaining("neither value nor default");
    assertThat(config.invalid("model.pageSize", "odd", null).getMessage())
        .isEqualTo("default: 'model.pageSize' is '16': odd; set it");
  }

  @Test
  void aChoiceMayHaveBlanksAroundIt() {
    assertThat(environment("KVBM_MODEL_DTYPE", " fp8 ").build(WITH_BACKENDS).string("model.dtype"))
        .contains("fp8");
  }

  @Test
  void one_more_problem_is_counted_as_one() {
    KvbmConfig.Builder sources =
        KvbmConfig.builder().environment(Map.of("KVBM_A", "1", "KVBM_B", "2"));

    assertThatThrownBy(() -> sources.build(WITH_BACKENDS))
        .hasMessageEndingWith("unset it (and 1 more problem)");
  }
}
