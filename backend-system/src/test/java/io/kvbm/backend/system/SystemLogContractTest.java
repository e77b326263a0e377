package io.kvbm.backend.system;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.LogContract;

class SystemLogContractTest extends LogContract {

  @Override
  protected BackendHarness harness() {
    return new SystemHarness();
  }
}
