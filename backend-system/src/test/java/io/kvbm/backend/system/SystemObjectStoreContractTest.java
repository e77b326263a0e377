package io.kvbm.backend.system;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.ObjectStoreContract;

class SystemObjectStoreContractTest extends ObjectStoreContract {

  @Override
  protected BackendHarness harness() {
    return new SystemHarness();
  }
}
