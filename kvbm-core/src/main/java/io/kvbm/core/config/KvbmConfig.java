package io.kvbm.core.config;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.BackendConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A checked configuration: a value for each setting of a schema, and where it comes from.
 *
 * <p>Above each other, the last wins: defaults, a YAML file, the environment, what the program
 * sets.
 *
 * <p>
 *
 * {@snippet :
 * Platform.Builder platform = Platform.builder();
 * KvbmConfig config =
 *     KvbmConfig.builder()
 *         .file(Path.of("kvbm.yaml"))
 *         .environment(EnvironmentNames.ofProcess())
 *         .set("tiers.host.blocks", "1000")
 *         .build(platform.schema());
 * }
 *
 * <p>Immutable. Relative paths are taken as they are: relative to the working directory.
 */
public final class KvbmConfig {

  private final ConfigSchema schema;
  private final Map<String, ConfigValue> values;

  KvbmConfig(ConfigSchema schema, Map<String, ConfigValue> values) {
    this.schema = schema;
    this.values = Map.copyOf(values);
  }

  /** {@return a builder that has nothing but defaults} */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return what can be configured} */
  public ConfigSchema schema() {
    return schema;
  }

  /**
   * {@return the text of a setting: what was set, else its default; empty where there is neither}
   *
   * @param path the setting's path
   * @throws CallerException if the schema has no such setting
   */
  public Optional<String> string(String path) {
    ConfigSetting setting = known(path);
    ConfigValue value = values.get(path);
    return value == null
        ? Optional.of(setting.key().defaultValue()).filter(text -> !text.isEmpty())
        : Optional.of(value.text());
  }

  /**
   * {@return a setting as a whole number, empty where it has no value}
   *
   * @param path the setting's path
   */
  public Optional<Long> integer(String path) {
    return typed(path).integer(path);
  }

  /**
   * {@return a setting as a whole number that its limits keep within 32 bits}
   *
   * @param path the setting's path, one that has a default
   */
  public int requiredInt(String path) {
    return Math.toIntExact(integer(path).orElseThrow(() -> missing(path)));
  }

  /**
   * {@return a setting as true or false, empty where it has no value}
   *
   * @param path the setting's path
   */
  public Optional<Boolean> bool(String path) {
    return typed(path).bool(path);
  }

  /**
   * {@return a setting as bytes, empty where it has no value}
   *
   * @param path the setting's path
   */
  public Optional<Long> byteSize(String path) {
    return typed(path).byteSize(path);
  }

  /**
   * {@return a setting as a path of the file system, empty where it has no value}
   *
   * @param path the setting's path
   */
  public Optional<Path> path(String path) {
    return typed(path).path(path);
  }

  /**
   * {@return a setting as a duration, empty where it has no value}
   *
   * @param path the setting's path
   */
  public Optional<Duration> duration(String path) {
    return typed(path).duration(path);
  }

  /**
   * {@return where the value of a setting comes from}
   *
   * @param path the setting's path
   */
  public ConfigOrigin origin(String path) {
    known(path);
    ConfigValue value = values.get(path);
    return value == null ? new ConfigOrigin.Default() : value.origin();
  }

  /**
   * {@return whether somebody set a setting}
   *
   * @param path the setting's path
   */
  public boolean isSet(String path) {
    known(path);
    return values.containsKey(path);
  }

  /** {@return the folder with one folder of jars for each backend, where one is configured} */
  public Optional<Path> plugins() {
    return path(CoreSettings.PLUGINS);
  }

  /**
   * {@return what was set for a backend; its defaults are the backend's own affair}
   *
   * @param name its name, or {@code name@version}
   */
  public BackendConfig backend(String name) {
    Map<String, String> texts = new LinkedHashMap<>();
    for (ConfigSetting setting : schema.settings()) {
      ConfigValue value = values.get(setting.path());
      if (value != null && setting.section().equals("backends." + name)) {
        texts.put(setting.key().name(), value.text());
      }
    }
    return BackendConfig.of(texts);
  }

  /**
   * {@return the error for a value that is of its type and yet of no use}
   *
   * @param path the setting's path
   * @param problem what is wrong with the value, in one clause
   * @param cause what led to it, or null
   */
  public ConfigurationException invalid(String path, String problem, @Nullable Throwable cause) {
    ConfigOrigin origin = origin(path);
    return new ConfigurationException(
        ErrorCode.INVALID_CONFIG,
        "%s: '%s' is '%s': %s; %s"
            .formatted(
                origin,
                path,
                string(path).map(known(path)::shown).orElse(""),
                problem,
                origin.remedy()),
        cause);
  }

  private BackendConfig typed(String path) {
    return string(path).map(text -> BackendConfig.of(path, text)).orElse(BackendConfig.empty());
  }

  private ConfigSetting known(String path) {
    return schema
        .setting(path)
        .orElseThrow(
            () ->
                new CallerException(
                    ErrorCode.INVALID_ARGUMENT,
                    "there is no setting '%s'; %s"
                        .formatted(ShownText.of(path), schema.hintFor(path))));
  }

  private static CallerException missing(String path) {
    return new CallerException(
        ErrorCode.INVALID_ARGUMENT, "setting '" + path + "' has neither value nor default");
  }

  /** Collects what file, environment and program say. For one thread. */
  public static final class Builder {

    private final List<YamlEntry> entries = new ArrayList<>();
    private final List<ProgramValue> program = new ArrayList<>();
    private Map<String, String> environment = Map.of();

    /** Something the program sets. */
    record ProgramValue(String path, String text, String by) {}

    private Builder() {}

    /**
     * Reads a YAML file. A later file adds to an earlier one and wins where both set the same.
     *
     * @param file in UTF-8, at most 1 MiB
     * @return this builder
     * @throws ConfigurationException if it cannot be read or is malformed, naming the position
     */
    public Builder file(Path file) {
      entries.addAll(ConfigFile.read(file));
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param variables the environment, see {@link EnvironmentNames#ofProcess}; nothing by default
     */
    public Builder environment(Map<String, String> variables) {
      environment = Map.copyOf(variables);
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param path the setting's path
     * @param text its value
     */
    public Builder set(String path, String text) {
      return set(path, text, "set by the program");
    }

    /**
     * {@return this builder}
     *
     * @param path the setting's path
     * @param text its value
     * @param by who says so, for messages, for instance {@code option --disk-dir}
     */
    public Builder set(String path, String text, String by) {
      program.add(new ProgramValue(path, text, by));
      return this;
    }

    /**
     * {@return the folder of plugins, before it is known which backends are in it}
     *
     * @throws ConfigurationException if its value is no path
     */
    public Optional<Path> plugins() {
      ConfigResolver resolver = resolver(ConfigSchema.ofCore());
      resolver.throwProblemsOf(CoreSettings.PLUGINS);
      return resolver.config().plugins();
    }

    /**
     * {@return what is wrong with the configuration, one line each; empty if nothing is}
     *
     * @param schema the settings there are
     */
    public List<String> problems(ConfigSchema schema) {
      return resolver(schema).problems();
    }

    /**
     * {@return the configuration}
     *
     * @param schema the settings there are
     * @throws ConfigurationException naming the first setting that does not exist or does not fit,
     *     where it stands, and what to do
     */
    public KvbmConfig build(ConfigSchema schema) {
      ConfigResolver resolver = resolver(schema);
      resolver.throwProblems();
      return resolver.config();
    }

    private ConfigResolver resolver(ConfigSchema schema) {
      ConfigResolver resolver = new ConfigResolver(schema);
      entries.forEach(resolver::take);
      resolver.take(environment);
      program.forEach(value -> resolver.take(value.path(), value.text(), value.by()));
      return resolver;
    }
  }
}
