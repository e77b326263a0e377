package io.kvbm.backend.disk.io;

import java.util.List;

/** The ring also where a caller could do with a call of its own. */
class UringHandOverContractTest extends IoEngineContract {

  @Override
  protected IoEngine engine() {
    IoEngine engine = UringEngine.open(UringSettings.ofDepth(8));
    return new IoEngine() {
      @Override
      public String name() {
        return engine.name();
      }

      @Override
      public void submit(List<IoRequest> batch) {
        engine.submit(batch);
      }

      @Override
      public int depth() {
        return engine.depth();
      }

      @Override
      public IoStatistics statistics() {
        return engine.statistics();
      }

      @Override
      public void close() {
        engine.close();
      }
    };
  }
}
