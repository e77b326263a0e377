package io.kvbm.cli.settings;

import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.EnvironmentAlias;
import io.kvbm.core.config.ConfigSchema;
import io.kvbm.core.config.ConfigSetting;
import io.kvbm.core.config.EnvironmentNames;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** {@code docs/configuration.md}: the reference of every setting. */
final class ReferenceDocument {

  private static final String INTRODUCTION =
      """
      # Configuration

      <!-- Made by `kvbm config --docs`; a test compares it with the settings there are. Do not edit. -->

      Above each other, the last wins:

      1. the default,
      2. the YAML file: `kvbm --config FILE`, else `KVBM_CONFIG`, else `conf/kvbm.yaml` of the installation,
      3. the environment variable,
      4. what the program sets, or an option of the command.

      A setting that does not exist, or a value that does not fit, is an error that names the place and the nearest
      setting there is. `kvbm config` prints every value and where it comes from, `kvbm config --check FILE` checks a
      file. [kvbm.yaml](kvbm.yaml) has every setting, commented out.

      The file is UTF-8, at most 1 MiB: sections and settings with one value each, no lists, anchors or tags. Sizes are
      bytes with an optional unit: `4096`, `64KiB`, `2GiB`, or `2GB` for 1000s. Relative paths are relative to the
      working directory.

      In a program:

      ```java
      Platform.Builder builder = Platform.builder();
      KvbmConfig config =
          KvbmConfig.builder()
              .file(Path.of("kvbm.yaml"))
              .environment(EnvironmentNames.ofProcess())
              .set("tiers.host.blocks", "1000")
              .build(builder.schema());
      try (KvBlockManager manager = KvBlockManager.create(config)) {
        // …
      }
      ```

      """;

  private ReferenceDocument() {}

  static String of(ConfigSchema schema) {
    StringBuilder text = new StringBuilder(INTRODUCTION);
    String section = "";
    for (ConfigSetting setting : schema.settings()) {
      if (!setting.section().equals(section)) {
        section = setting.section();
        text.append("## `").append(section).append("`\n\n");
        text.append("Of ").append(setting.owner()).append(".\n\n");
        text.append("| Key | Type | Default | Environment | Meaning |\n");
        text.append("|---|---|---|---|---|\n");
      }
      text.append(row(setting));
      if (isLastOfSection(setting, schema.settings())) {
        text.append('\n');
      }
    }
    return text.append(reserved()).toString();
  }

  private static boolean isLastOfSection(ConfigSetting setting, List<ConfigSetting> all) {
    int next = all.indexOf(setting) + 1;
    return next == all.size() || !all.get(next).section().equals(setting.section());
  }

  private static String row(ConfigSetting setting) {
    ConfigKey key = setting.key();
    return "| `%s` | %s | %s | %s | %s |\n"
        .formatted(
            key.name(),
            type(key),
            key.defaultValue().isEmpty() ? "" : code(key.defaultValue()),
            variables(setting),
            key.help() + (key.secret() ? "; never shown" : ""));
  }

  private static String type(ConfigKey key) {
    return key.choices().isEmpty()
        ? key.expected().replace(" such as 4096, 64KiB or 2GiB", "")
        : key.choices().stream().map(ReferenceDocument::code).collect(Collectors.joining(", "));
  }

  private static String variables(ConfigSetting setting) {
    String aliases =
        setting.key().aliases().stream()
            .map(EnvironmentAlias::variable)
            .map(ReferenceDocument::code)
            .collect(Collectors.joining(", "));
    return code(setting.variable()) + (aliases.isEmpty() ? "" : ", also " + aliases);
  }

  private static String reserved() {
    String names =
        new TreeSet<>(EnvironmentNames.RESERVED)
            .stream().map(ReferenceDocument::code).collect(Collectors.joining(", "));
    return """
    ## Other variables

    These begin with `KVBM_` and are no settings: %s. Any other variable that begins so is an error.
    Of two variables for one setting, the one that begins with `KVBM_` and its section wins.
    """
        .formatted(names);
  }

  private static String code(String text) {
    return "`" + text + "`";
  }
}
