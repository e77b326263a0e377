package io.kvbm.backend.disk;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.StorageContract;

class BufferedDiskStorageContractTest extends StorageContract {

  @Override
  protected BackendHarness harness() {
    return DiskHarness.buffered();
  }
}
