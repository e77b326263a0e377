package org.example.zstdmemory;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.BackendTck;

/** Every contract of kvbm's test kit, by one harness. */
class ZstdMemoryTckTest extends BackendTck {

  @Override
  protected BackendHarness harness() {
    return new ZstdMemoryHarness();
  }
}
