package io.kvbm.backend.system;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.StorageContract;

class SystemStorageContractTest extends StorageContract {

  @Override
  protected BackendHarness harness() {
    return new SystemHarness();
  }
}
