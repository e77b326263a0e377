package io.kvbm.cli.replay;

import io.kvbm.cli.spi.CommandProvider;

/** Contributes {@code kvbm replay}. */
public final class ReplayCommandProvider implements CommandProvider {

  /** For {@link java.util.ServiceLoader}. */
  public ReplayCommandProvider() {}

  @Override
  public Object command() {
    return new ReplayCommand();
  }
}
