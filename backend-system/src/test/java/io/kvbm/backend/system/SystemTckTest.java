package io.kvbm.backend.system;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.BackendTck;

class SystemTckTest extends BackendTck {

  @Override
  protected BackendHarness harness() {
    return new SystemHarness();
  }
}
