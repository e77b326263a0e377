package io.kvbm.cli.settings;

import io.kvbm.core.config.ConfigSchema;
import io.kvbm.core.config.ConfigSetting;
import java.util.ArrayList;
import java.util.List;

/** {@code docs/kvbm.yaml}: every setting with its default, commented out. */
final class SampleFile {

  private static final String BACKENDS = "backends.";

  private SampleFile() {}

  static String of(ConfigSchema schema) {
    StringBuilder text =
        new StringBuilder(
            """
            # Every setting with its default. Remove the # before what you change; see configuration.md.
            # Made by `kvbm config --sample`.
            """);
    List<String> open = List.of();
    for (ConfigSetting setting : schema.settings()) {
      List<String> section = parts(setting.section());
      openSections(text, open, section);
      open = section;
      String indent = "  ".repeat(section.size());
      text.append('\n').append(indent).append("# ").append(setting.key().help()).append('\n');
      text.append(indent).append("# (").append(setting.key().expected()).append(")\n");
      text.append(indent).append('#').append(setting.key().name()).append(':');
      String value = setting.key().defaultValue();
      text.append(value.isEmpty() ? "" : " " + value).append('\n');
    }
    return text.toString();
  }

  private static void openSections(StringBuilder text, List<String> open, List<String> section) {
    int same = 0;
    while (same < open.size()
        && same < section.size()
        && open.get(same).equals(section.get(same))) {
      same++;
    }
    for (int depth = same; depth < section.size(); depth++) {
      text.append('\n').append("  ".repeat(depth)).append(section.get(depth)).append(":\n");
    }
  }

  /** The name of a backend may have dots in its version. */
  private static List<String> parts(String section) {
    return section.startsWith(BACKENDS)
        ? List.of("backends", section.substring(BACKENDS.length()))
        : new ArrayList<>(List.of(section.split("\\.")));
  }
}
