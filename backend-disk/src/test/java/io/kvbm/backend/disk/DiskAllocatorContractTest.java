package io.kvbm.backend.disk;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.AllocatorContract;

class DiskAllocatorContractTest extends AllocatorContract {

  @Override
  protected BackendHarness harness() {
    return DiskHarness.direct();
  }
}
