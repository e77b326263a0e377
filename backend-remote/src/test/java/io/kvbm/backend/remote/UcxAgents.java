package io.kvbm.backend.remote;

import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.backend.remote.path.DataPath;
import io.kvbm.backend.remote.tcp.Reached;
import io.kvbm.backend.remote.ucx.UcxOptions;
import io.kvbm.backend.remote.ucx.UcxProvider;
import io.kvbm.testkit.RequiredTools;
import java.util.Optional;

/** What the tests of agents over UCX share. */
final class UcxAgents {

  static final BackendConfig CONFIG = BackendConfig.of("transport", "ucx");

  private UcxAgents() {}

  static void require() {
    UcxProvider provider = new UcxProvider(UcxOptions.DEFAULTS);
    Optional<DataPath> opened = provider.open();
    opened.ifPresent(DataPath::close);
    RequiredTools.assumeOrFail("ucx", opened.isPresent(), provider.reason());
  }

  /** Waits until the peer has given the key of a storage. */
  static void awaitPath(Storage mapped) {
    TwoAgents.await(() -> Reached.byPath(mapped));
  }
}
