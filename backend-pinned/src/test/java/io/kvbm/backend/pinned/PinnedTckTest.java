package io.kvbm.backend.pinned;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.BackendTck;

class PinnedTckTest extends BackendTck {

  @Override
  protected BackendHarness harness() {
    return new PinnedHarness();
  }
}
