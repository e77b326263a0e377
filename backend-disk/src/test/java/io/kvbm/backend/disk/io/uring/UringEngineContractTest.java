package io.kvbm.backend.disk.io.uring;

import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.IoEngineContract;

class UringEngineContractTest extends IoEngineContract {

  @Override
  protected IoEngine engine() {
    return UringEngine.open(new UringSettings(2, 16, 3, 1, true));
  }
}
