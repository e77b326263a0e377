package io.kvbm.backend.remote;

import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
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

  /** Copies until one goes by the path: the peer then counts none of its bytes as served. */
  static void awaitPath(TwoAgents two, Storage mapped, Storage here) {
    TwoAgents.await(
        () -> {
          long served = two.far.statistics().bytesServed();
          two.copy(mapped, 0, here, 0, 64).awaitDone();
          return two.far.statistics().bytesServed() == served;
        });
  }
}
