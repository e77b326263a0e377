package io.kvbm.backend.disk;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.StorageContract;

class SimulatedDiskStorageContractTest extends StorageContract {

  @Override
  protected BackendHarness harness() {
    return DiskHarness.simulated();
  }
}
