package io.kvbm.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.cli.Invocation;
import io.kvbm.cli.settings.Surroundings;
import io.kvbm.core.Platform;
import io.kvbm.core.config.ConfigSchema;
import io.kvbm.core.config.ConfigSetting;
import io.kvbm.core.config.KvbmConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@code docs/configuration.md} and {@code docs/kvbm.yaml} say what the settings are. With {@code
 * -Dkvbm.docs.update=true} they are written anew.
 */
class ConfigurationDocumentTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"docs/configuration.md,--docs", "docs/kvbm.yaml,--sample"})
  void theDocumentsAreWhatTheCommandPrints(String file, String option) throws IOException {
    Invocation ran = Invocation.in(new Surroundings(Map.of(), Optional.empty()), "config", option);

    assertThat(ran.exitCode()).isZero();
    Path document = Repository.root().resolve(file);
    if (Boolean.getBoolean("kvbm.docs.update")) {
      Files.writeString(document, ran.out());
    }
    assertThat(document)
        .as("%s; 'kvbm config %s >%s' brings it up to date", file, option, file)
        .hasContent(ran.out());
  }

  @Test
  void theSampleIsACorrectFileThatSetsNothing() {
    ConfigSchema schema = Platform.builder().schema();
    KvbmConfig config =
        KvbmConfig.builder().file(Repository.root().resolve("docs/kvbm.yaml")).build(schema);
    assertThat(schema.settings()).noneMatch(setting -> config.isSet(setting.path()));
  }

  @Test
  void theSampleWithoutItsMarksSetsEachSettingToItsDefault() throws IOException {
    ConfigSchema schema = Platform.builder().schema();
    Path file = folder.resolve("kvbm.yaml");
    Files.writeString(
        file, Repository.text("docs/kvbm.yaml").replaceAll("(?m)^( *)#(\\w+: \\S.*)$", "$1$2"));

    KvbmConfig config = KvbmConfig.builder().file(file).build(schema);

    for (ConfigSetting setting : schema.settings()) {
      String text = setting.key().defaultValue();
      assertThat(config.isSet(setting.path())).as(setting.path()).isEqualTo(!text.isEmpty());
      assertThat(config.string(setting.path()).orElse("")).as(setting.path()).isEqualTo(text);
    }
  }
}
