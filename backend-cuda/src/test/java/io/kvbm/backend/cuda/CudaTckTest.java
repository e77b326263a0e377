package io.kvbm.backend.cuda;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.BackendTck;
import org.junit.jupiter.api.BeforeAll;

class CudaTckTest extends BackendTck {

  @BeforeAll
  static void prepare() {
    Driver.prepare();
  }

  @Override
  protected BackendHarness harness() {
    return new CudaHarness();
  }
}
