package io.kvbm.backend.disk.io;

class ThreadEngineContractTest extends IoEngineContract {

  @Override
  protected IoEngine engine() {
    return new ThreadEngine("buffered", 4);
  }
}
