package io.kvbm.backend.disk.io;

class InlineEngineContractTest extends IoEngineContract {

  @Override
  protected IoEngine engine() {
    return new InlineEngine();
  }
}
