package io.kvbm.cli.settings;

import io.kvbm.cli.spi.Subcommand;

/** A {@link Subcommand} that opens platforms: it is told how before it runs. */
public interface UsesPlatform {

  /**
   * Hands over what opens platforms with the configuration of this run.
   *
   * @param platforms what opens them
   */
  void use(PlatformFactory platforms);
}
