package io.kvbm.backend.remote;

import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.backend.remote.tcp.Reached;
import io.kvbm.backend.remote.ucx.UcxOptions;
import io.kvbm.backend.remote.ucx.UcxPath;
import io.kvbm.testkit.RequiredTools;

/** What the tests of agents over UCX share. */
final class UcxAgents {

  static final BackendConfig CONFIG = BackendConfig.of("transport", "ucx");

  private UcxAgents() {}

  static void require() {
    var found = UcxPath.probe(UcxOptions.DEFAULTS);
    RequiredTools.assumeOrFail("ucx", found.isAvailable(), found.toString());
  }

  /** Waits until the peer has given the key of a storage. */
  static void awaitPath(Storage mapped) {
    TwoAgents.await(() -> Reached.byPath(mapped));
  }
}
