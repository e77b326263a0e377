package io.kvbm.cli.node;

import io.kvbm.cli.spi.CommandProvider;

/** Contributes {@code kvbm node}. */
public final class NodeCommandProvider implements CommandProvider {

  /** For {@link java.util.ServiceLoader}. */
  public NodeCommandProvider() {}

  @Override
  public Object command() {
    return new NodeCommand();
  }
}
