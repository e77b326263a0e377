package io.kvbm.cli.store;

import io.kvbm.cli.spi.CommandProvider;

/** Contributes {@code kvbm store}. */
public final class StoreCommandProvider implements CommandProvider {

  /** For {@link java.util.ServiceLoader}. */
  public StoreCommandProvider() {}

  @Override
  public Object command() {
    return new StoreCommand();
  }
}
