package io.kvbm.backend.system;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.BlockStoreContract;

class SystemBlockStoreContractTest extends BlockStoreContract {

  @Override
  protected BackendHarness harness() {
    return new SystemHarness();
  }
}
