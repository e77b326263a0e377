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
 */
public record Surroundings(Map<String, String> environment, Optional<Path> home) {

  /** Copies the variables. */
  public Surroundings {
    environment = Map.copyOf(environment);
  }

  /** {@return those of this process} The launcher names the folder in {@code kvbm.home}. */
  public static Surroundings ofProcess() {
    return new Surroundings(
        EnvironmentNames.ofProcess(),
        Optional.ofNullable(System.getProperty("kvbm.home")).map(Path::of));
  }
}
