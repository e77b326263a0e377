package io.kvbm.testkit.broken;

import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;

/** Remembers how often it was opened. */
public class StatefulProvider extends HeapProvider {

  private int opened;

  /** Creates the provider. */
  public StatefulProvider() {}

  @Override
  public Backend open(BackendContext context, BackendConfig config) {
    opened++;
    return super.open(context, config);
  }
}
