package io.kvbm.backend.disk.io;

import java.lang.foreign.Arena;
import java.util.List;

/**
 * An {@link InlineEngine} of one thread, which does everything: closing its memory need not stop
 * all other threads for a moment, which takes longer than most of what a story of a crash does.
 */
public final class SingleThreadEngine implements IoEngine {

  private final InlineEngine engine = new InlineEngine();

  @Override
  public String name() {
    return engine.name();
  }

  @Override
  public int depth() {
    return engine.depth();
  }

  @Override
  public void submit(List<IoRequest> batch) {
    engine.submit(batch);
  }

  @Override
  public IoStatistics statistics() {
    return engine.statistics();
  }

  @Override
  public Arena newArena() {
    return Arena.ofConfined();
  }

  @Override
  public void close() {
    engine.close();
  }
}
