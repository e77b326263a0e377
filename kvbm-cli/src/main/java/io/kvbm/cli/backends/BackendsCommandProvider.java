package io.kvbm.cli.backends;

import io.kvbm.cli.spi.CommandProvider;
import io.kvbm.cli.spi.Platforms;

/** Contributes {@code kvbm backends}. */
public final class BackendsCommandProvider implements CommandProvider {

  /** For {@link java.util.ServiceLoader}. */
  public BackendsCommandProvider() {}

  @Override
  public Object command() {
    return new BackendsCommand(Platforms::open);
  }
}
