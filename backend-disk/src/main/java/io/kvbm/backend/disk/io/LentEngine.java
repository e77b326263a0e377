package io.kvbm.backend.disk.io;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** An engine that somebody else closes: closing this one does nothing. */
public final class LentEngine implements IoEngine {

  private final IoEngine engine;

  /**
   * Lends an engine.
   *
   * @param engine does the work; open until nobody uses this one any more
   */
  public LentEngine(IoEngine engine) {
    this.engine = engine;
  }

  @Override
  public String name() {
    return engine.name();
  }

  @Override
  public void submit(List<IoRequest> batch) {
    engine.submit(batch);
  }

  @Override
  public void run(List<IoRequest> batch) {
    engine.run(batch);
  }

  @Override
  public int depth() {
    return engine.depth();
  }

  @Override
  public String details() {
    return engine.details();
  }

  @Override
  public IoStatistics statistics() {
    return engine.statistics();
  }

  @Override
  public RegisteredBuffers registerBuffers(MemorySegment memory) {
    return engine.registerBuffers(memory);
  }

  @Override
  public Arena newArena() {
    return engine.newArena();
  }

  @Override
  public void close() {}
}
