package io.kvbm.bench;

import io.kvbm.cli.spi.CommandProvider;

/** Contributes {@code kvbm bench}. */
public final class BenchCommandProvider implements CommandProvider {

  /** For {@link java.util.ServiceLoader}. */
  public BenchCommandProvider() {}

  @Override
  public Object command() {
    return new BenchCommand();
  }
}
