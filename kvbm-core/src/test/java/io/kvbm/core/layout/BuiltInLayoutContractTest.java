package io.kvbm.core.layout;

import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.backend.system.SystemBackendProvider;
import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.LayoutContract;
import java.util.List;

/** The layouts that come with the core keep the contract every layout keeps. */
class BuiltInLayoutContractTest extends LayoutContract {

  @Override
  protected BackendHarness harness() {
    return new BackendHarness() {
      @Override
      public BackendProvider provider() {
        return new SystemBackendProvider();
      }

      @Override
      public List<LayoutProvider> layouts(Backend backend) {
        return Layouts.builtIn();
      }
    };
  }
}
