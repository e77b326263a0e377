package io.kvbm.cli.settings;

import io.kvbm.core.config.EnvironmentNames;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What the command finds around it.
 *
 * @param environment the environment variables
 * @param home the folder that kvbm is installed in, where it is known
 * @param plugins the plugins directory of the launcher's {@code --plugins}, where it was given
 */
public record Surroundings(
    Map<String, String> environment, Optional<Path> home, Optional<Path> plugins) {

  /** Copies the variables. */
  public Surroundings {
    environment = Map.copyOf(environment);
  }

  /**
   * Without {@code --plugins}.
   *
   * @param environment the environment variables
   * @param home the folder that kvbm is installed in, where it is known
   */
  public Surroundings(Map<String, String> environment, Optional<Path> home) {
    this(environment, home, Optional.empty());
  }

  /**
   * {@return those of this process} The launcher names the folders in {@code kvbm.home} and {@code
   * kvbm.plugins}.
   */
  public static Surroundings ofProcess() {
    return new Surroundings(
        EnvironmentNames.ofProcess(),
        Optional.ofNullable(System.getProperty("kvbm.home")).map(Path::of),
        Optional.ofNullable(System.getProperty("kvbm.plugins")).map(Path::of));
  }
}
