package io.kvbm.core.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.spi.ConfigKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigSchemaTest {

  @Test
  void everySettingOfTheCoreIsDocumentedAndItsDefaultIsOfItsType() {
    assertThat(ConfigSchema.ofCore().settings()).hasSizeGreaterThan(30);
    for (ConfigSetting setting : ConfigSchema.ofCore().settings()) {
      assertThat(setting.path()).endsWith("." + setting.key().name());
      assertThat(setting.key().name()).matches("[a-z][a-zA-Z0-9]*");
      assertThat(setting.key().help()).as(setting.path()).isNotBlank().doesNotContain("\n", "|");
      String text = setting.key().defaultValue();
      assertThat(text.isEmpty() || setting.key().accepts(text)).as(setting.path()).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "platform.ioThreads,KVBM_PLATFORM_IO_THREADS",
    "tiers.host.blocks,KVBM_TIERS_HOST_BLOCKS",
    "backends.disk.dir,KVBM_BACKENDS_DISK_DIR",
    "backends.my-tape@1.0.reelLength,KVBM_BACKENDS_MY_TAPE_1_0_REEL_LENGTH"
  })
  void variablesAreThePathInUpperSnakeCase(String path, String variable) {
    assertThat(EnvironmentNames.variable(path)).isEqualTo(variable);
  }

  @Test
  void noVariableOfTheCoreStandsForTwoSettings() {
    ConfigSchema schema = ConfigSchema.ofCore();
    assertThat(schema.clashes()).isEmpty();
    assertThat(schema.settings())
        .extracting(ConfigSetting::variable)
        .doesNotHaveDuplicates()
        .doesNotContainAnyElementsOf(EnvironmentNames.RESERVED);
  }

  @Test
  void aClashIsFoundAndItsVariableRefused() {
    ConfigKey type = new ConfigKey("bC", ConfigKey.Type.STRING, "", "One");
    ConfigKey other = new ConfigKey("c", ConfigKey.Type.STRING, "", "Other");
    ConfigSchema schema = ConfigSchema.of(Map.of("a", List.of(type), "a-b", List.of(other)));

    assertThat(schema.clashes()).containsOnlyKeys("KVBM_BACKENDS_A_B_C");
    assertThat(
            KvbmConfig.builder().environment(Map.of("KVBM_BACKENDS_A_B_C", "x")).problems(schema))
        .containsExactly(
            "environment variable KVBM_BACKENDS_A_B_C could mean backends.a.bC or backends.a-b.c;"
                + " unset it and use a file");
  }

  @Test
  void withoutBackendsThereIsNothingOfThemToSet() {
    assertThat(KvbmConfig.builder().set("backends.disk.dir", "/d").problems(ConfigSchema.ofCore()))
        .containsExactly(
            "set by the program: there is no setting 'backends.disk.dir'; no backend is installed;"
                + " install it or remove the setting");
    assertThat(ConfigSchema.ofCore().backends()).isEmpty();
  }

  /** Each constant of a path is used by code that is not the schema. */
  @Test
  void noSettingOfTheCoreIsDead() throws IOException {
    Path sources = Path.of("src/main/java/io/kvbm/core");
    StringBuilder readers = new StringBuilder();
    try (Stream<Path> files = Files.walk(sources)) {
      for (Path file : files.filter(f -> f.toString().endsWith("Settings.java")).toList()) {
        if (!file.endsWith("CoreSettings.java")) {
          readers.append(Files.readString(file));
        }
      }
    }
    readers.append(Files.readString(sources.resolve("config/KvbmConfig.java")));
    String schema = Files.readString(sources.resolve("config/CoreSettings.java"));
    List<String> constants =
        schema
            .lines()
            .filter(line -> line.contains("public static final String "))
            .map(line -> line.replaceAll(".*String (\\w+) = .*", "$1"))
            .toList();
    assertThat(constants).hasSizeGreaterThan(20);
    for (String constant : constants) {
      assertThat(readers).as(constant).containsPattern("CoreSettings\\." + constant + "\\b");
    }
  }
}
