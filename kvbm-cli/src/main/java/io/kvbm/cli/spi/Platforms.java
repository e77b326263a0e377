package io.kvbm.cli.spi;

import io.kvbm.api.ConfigurationException;
import io.kvbm.core.Platform;
import java.nio.file.Path;

/** Opens platforms as the command line was told to; every subcommand opens its own here. */
public final class Platforms {

  /** The system property with the plugins directory; the launcher sets it. */
  public static final String PLUGINS_PROPERTY = "kvbm.plugins";

  private Platforms() {}

  /**
   * {@return a platform of what is on the path and what the plugins directory holds; the caller
   * closes it}
   *
   * @throws ConfigurationException if the plugins directory cannot be read
   */
  public static Platform open() {
    Platform.Builder builder = Platform.builder();
    String plugins = System.getProperty(PLUGINS_PROPERTY, "");
    if (!plugins.isEmpty()) {
      builder.plugins(Path.of(plugins));
    }
    return builder.build();
  }
}
