package io.kvbm.backend.system;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.AllocatorContract;

class SystemAllocatorContractTest extends AllocatorContract {

  @Override
  protected BackendHarness harness() {
    return new SystemHarness();
  }
}
