package io.kvbm.backend.disk.io;

class UringEngineContractTest extends IoEngineContract {

  @Override
  protected IoEngine engine() {
    return UringEngine.open(new UringSettings(2, 16, 3, 1, true));
  }
}
