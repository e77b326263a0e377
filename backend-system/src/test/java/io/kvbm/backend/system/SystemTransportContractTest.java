package io.kvbm.backend.system;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.TransportContract;

class SystemTransportContractTest extends TransportContract {

  @Override
  protected BackendHarness harness() {
    return new SystemHarness();
  }
}
