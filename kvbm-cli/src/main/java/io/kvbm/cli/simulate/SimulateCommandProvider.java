package io.kvbm.cli.simulate;

import io.kvbm.cli.spi.CommandProvider;

/** Contributes {@code kvbm simulate}. */
public final class SimulateCommandProvider implements CommandProvider {

  /** For {@link java.util.ServiceLoader}. */
  public SimulateCommandProvider() {}

  @Override
  public Object command() {
    return new SimulateCommand();
  }
}
