package io.kvbm.backend.disk;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.BackendTck;

class BufferedDiskTckTest extends BackendTck {

  @Override
  protected BackendHarness harness() {
    return DiskHarness.buffered();
  }
}
