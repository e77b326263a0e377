package io.kvbm.backend.system;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.LayoutContract;

class SystemLayoutContractTest extends LayoutContract {

  @Override
  protected BackendHarness harness() {
    return new SystemHarness();
  }
}
