package org.example.zstdmemory;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.ProviderContract;

class ZstdMemoryProviderContractTest extends ProviderContract {

  @Override
  protected BackendHarness harness() {
    return new ZstdMemoryHarness();
  }
}
