package org.example.zstdmemory;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.BlockStoreContract;

class ZstdMemoryBlockStoreContractTest extends BlockStoreContract {

  @Override
  protected BackendHarness harness() {
    return new ZstdMemoryHarness();
  }
}
