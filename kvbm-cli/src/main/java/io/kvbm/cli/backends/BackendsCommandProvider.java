package io.kvbm.cli.backends;

import io.kvbm.cli.spi.CommandProvider;

/** Contributes {@code kvbm backends}. */
public final class BackendsCommandProvider implements CommandProvider {

  /** For {@link java.util.ServiceLoader}. */
  public BackendsCommandProvider() {}

  @Override
  public Object command() {
    return new BackendsCommand();
  }
}
