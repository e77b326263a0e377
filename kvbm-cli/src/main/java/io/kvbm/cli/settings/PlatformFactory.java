package io.kvbm.cli.settings;

import io.kvbm.core.Platform;
import io.kvbm.core.config.ConfigSchema;
import io.kvbm.core.config.CoreSettings;
import io.kvbm.core.config.EnvironmentNames;
import io.kvbm.core.config.KvbmConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Opens the platforms of the command, with its configuration. The file is the one of {@code
 * --config}, else of {@code KVBM_CONFIG}, else {@code conf/kvbm.yaml} of the installation where
 * there is one. Plugins are those of {@code --plugins}, else of the configuration, else of {@code
 * plugins} of the installation.
 */
public final class PlatformFactory {

  private static final Path INSTALLED_FILE = Path.of("conf", "kvbm.yaml");
  private static final Path INSTALLED_PLUGINS = Path.of("plugins");

  private final Surroundings surroundings;
  private final @Nullable Path chosen;

  /**
   * @param surroundings environment and installation
   * @param chosen the file of {@code --config}, or null
   */
  public PlatformFactory(Surroundings surroundings, @Nullable Path chosen) {
    this.surroundings = surroundings;
    this.chosen = chosen;
  }

  /** {@return the configuration file, where there is one} */
  public Optional<Path> file() {
    if (chosen != null) {
      return Optional.of(chosen);
    }
    String variable = surroundings.environment().getOrDefault(EnvironmentNames.CONFIG_FILE, "");
    return variable.isBlank()
        ? surroundings.home().map(home -> home.resolve(INSTALLED_FILE)).filter(Files::exists)
        : Optional.of(Path.of(variable));
  }

  /** {@return what file and environment say; options of a command are set on top of it} */
  public KvbmConfig.Builder sources() {
    KvbmConfig.Builder sources = KvbmConfig.builder().environment(surroundings.environment());
    file().ifPresent(sources::file);
    surroundings
        .plugins()
        .ifPresent(plugins -> sources.set(CoreSettings.PLUGINS, plugins.toString()));
    return sources;
  }

  /**
   * {@return the settings there are with the backends that these sources lead to}
   *
   * @param sources say where plugins are
   */
  public ConfigSchema schema(KvbmConfig.Builder sources) {
    return builder(sources.plugins()).schema();
  }

  /**
   * {@return the checked configuration}
   *
   * @param sources what is said
   */
  public KvbmConfig configure(KvbmConfig.Builder sources) {
    return sources.build(schema(sources));
  }

  /** {@return the configuration of file and environment} */
  public KvbmConfig configure() {
    return configure(sources());
  }

  /**
   * {@return a platform; the caller closes it}
   *
   * @param config how
   */
  public Platform open(KvbmConfig config) {
    return open(config, _ -> {});
  }

  /**
   * {@return a platform; the caller closes it}
   *
   * @param config how
   * @param more what else a command sets, after the configuration
   */
  public Platform open(KvbmConfig config, Consumer<Platform.Builder> more) {
    Platform.Builder builder = builder(config.plugins()).config(config);
    more.accept(builder);
    return builder.build();
  }

  /** {@return a platform as file and environment say; the caller closes it} */
  public Platform open() {
    return open(configure());
  }

  /** Every platform of the command begins here: what it finds backends in is decided once. */
  private Platform.Builder builder(Optional<Path> plugins) {
    Platform.Builder builder = Platform.builder();
    plugins
        .or(
            () ->
                surroundings
                    .home()
                    .map(home -> home.resolve(INSTALLED_PLUGINS))
                    .filter(Files::isDirectory))
        .ifPresent(builder::plugins);
    return builder;
  }
}
