package io.kvbm.backend.system;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.ProviderContract;

class SystemProviderContractTest extends ProviderContract {

  @Override
  protected BackendHarness harness() {
    return new SystemHarness();
  }
}
