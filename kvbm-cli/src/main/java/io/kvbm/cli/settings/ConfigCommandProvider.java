package io.kvbm.cli.settings;

import io.kvbm.cli.spi.CommandProvider;

/** Contributes {@code kvbm config}. */
public final class ConfigCommandProvider implements CommandProvider {

  /** For {@link java.util.ServiceLoader}. */
  public ConfigCommandProvider() {}

  @Override
  public Object command() {
    return new ConfigCommand();
  }
}
