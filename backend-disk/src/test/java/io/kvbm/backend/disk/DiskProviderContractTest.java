package io.kvbm.backend.disk;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.ProviderContract;

class DiskProviderContractTest extends ProviderContract {

  @Override
  protected BackendHarness harness() {
    return DiskHarness.direct();
  }
}
