package io.kvbm.cli.settings;

import com.fasterxml.jackson.core.JsonGenerator;
import io.kvbm.api.ConfigurationException;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.Table;
import io.kvbm.cli.spi.Subcommand;
import io.kvbm.core.config.ConfigSchema;
import io.kvbm.core.config.ConfigSetting;
import io.kvbm.core.config.KvbmConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code kvbm config}: what is configured, what can be, and whether a file is right. */
@Command(
    name = "config",
    customSynopsis = "kvbm config [--schema | --docs | --sample | --check FILE] [--json]",
    description = {
      "Prints the effective configuration and where each value comes from.",
      "Above each other, the last wins: defaults, the file, the environment."
    },
    sortOptions = false)
final class ConfigCommand implements Subcommand, UsesPlatform {

  /** What to print in place of the configuration. */
  static final class Instead {
    @Option(names = "--schema", description = "Print every setting there is.")
    boolean schema;

    @Option(names = "--docs", description = "Print the reference as Markdown.")
    boolean docs;

    @Option(names = "--sample", description = "Print a file with every setting, commented out.")
    boolean sample;

    @Option(
        names = "--check",
        paramLabel = "FILE",
        description = "Say what is wrong with a file; nothing else is looked at.")
    @Nullable Path check;
  }

  @ArgGroup private Instead instead = new Instead();

  private @Nullable PlatformFactory platforms;

  ConfigCommand() {}

  @Override
  public void use(PlatformFactory factory) {
    platforms = factory;
  }

  @Override
  public int run(Console console) {
    PlatformFactory factory = Objects.requireNonNull(platforms, "use() comes before run()");
    if (instead.check != null) {
      return check(instead.check, factory, console);
    }
    if (instead.schema) {
      printSchema(factory.schema(factory.sources()), console);
    } else if (instead.docs) {
      printText(ReferenceDocument.of(factory.schema(factory.sources())), console);
    } else if (instead.sample) {
      printText(SampleFile.of(factory.schema(factory.sources())), console);
    } else {
      printValues(factory.configure(), factory.file(), console);
    }
    return OK;
  }

  private static int check(Path file, PlatformFactory factory, Console console) {
    List<String> problems = problems(file, factory.schema(factory.sources()));
    problems.forEach(console::error);
    if (console.isJson()) {
      console.document(
          json -> {
            json.writeStartObject();
            json.writeStringField("file", file.toString());
            json.writeBooleanField("valid", problems.isEmpty());
            json.writeArrayFieldStart("problems");
            for (String problem : problems) {
              json.writeString(problem);
            }
            json.writeEndArray();
            json.writeEndObject();
          });
    } else if (problems.isEmpty()) {
      console.line(file + " is right");
    }
    return problems.isEmpty() ? OK : FAILED;
  }

  /** Of a file that is no YAML the first problem is all that can be told. */
  private static List<String> problems(Path file, ConfigSchema schema) {
    try {
      return KvbmConfig.builder().file(file).problems(schema);
    } catch (ConfigurationException e) {
      return List.of(String.valueOf(e.getMessage()));
    }
  }

  private static void printText(String text, Console console) {
    if (console.isJson()) {
      console.document(
          json -> {
            json.writeStartObject();
            json.writeStringField("text", text);
            json.writeEndObject();
          });
    } else {
      text.lines().forEach(console::line);
    }
  }

  private static void printSchema(ConfigSchema schema, Console console) {
    if (console.isJson()) {
      console.document(json -> writeSchema(schema, json));
      return;
    }
    Table table = new Table("setting", "expected", "default", "environment variable");
    for (ConfigSetting setting : schema.settings()) {
      table.row(
          setting.path(),
          setting.key().expected(),
          setting.key().defaultValue(),
          setting.variable());
    }
    table.print(console);
  }

  private static void writeSchema(ConfigSchema schema, JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeArrayFieldStart("settings");
    for (ConfigSetting setting : schema.settings()) {
      json.writeStartObject();
      json.writeStringField("path", setting.path());
      json.writeStringField("type", setting.key().type().name());
      json.writeStringField("expected", setting.key().expected());
      json.writeStringField("default", setting.key().defaultValue());
      json.writeStringField("variable", setting.variable());
      json.writeStringField("owner", setting.owner());
      json.writeBooleanField("secret", setting.key().secret());
      json.writeStringField("help", setting.key().help());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void printValues(KvbmConfig config, Optional<Path> file, Console console) {
    if (console.isJson()) {
      console.document(json -> writeValues(config, file, json));
      return;
    }
    Table table = new Table("setting", "value", "from");
    for (ConfigSetting setting : config.schema().settings()) {
      table.row(setting.path(), shown(config, setting), config.origin(setting.path()).toString());
    }
    table.print(console);
    if (file.isEmpty()) {
      console.note("no configuration file; name one with --config or KVBM_CONFIG");
    }
  }

  private static void writeValues(KvbmConfig config, Optional<Path> file, JsonGenerator json)
      throws IOException {
    json.writeStartObject();
    json.writeStringField("file", file.map(Path::toString).orElse(null));
    json.writeArrayFieldStart("settings");
    for (ConfigSetting setting : config.schema().settings()) {
      json.writeStartObject();
      json.writeStringField("path", setting.path());
      json.writeStringField("value", shown(config, setting));
      json.writeStringField("from", config.origin(setting.path()).toString());
      json.writeBooleanField("set", config.isSet(setting.path()));
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static String shown(KvbmConfig config, ConfigSetting setting) {
    return config.string(setting.path()).map(setting::shown).orElse("");
  }
}
