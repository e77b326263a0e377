package io.kvbm.backend.remote.s3;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.BackendTck;

class S3TckTest extends BackendTck {

  @Override
  protected BackendHarness harness() {
    return new S3Harness();
  }
}
