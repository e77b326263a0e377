package io.kvbm.backend.disk;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.TransportContract;

class DiskTransportContractTest extends TransportContract {

  @Override
  protected BackendHarness harness() {
    return DiskHarness.direct();
  }
}
