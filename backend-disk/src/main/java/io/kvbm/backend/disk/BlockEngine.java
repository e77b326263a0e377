package io.kvbm.backend.disk;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.ThreadEngine;
import org.jspecify.annotations.Nullable;

/** The engine of the block store: its threads start with the first store. */
final class BlockEngine implements AutoCloseable {

  private final int depth;
  private @Nullable IoEngine engine;
  private boolean closed;

  BlockEngine(int depth) {
    this.depth = depth;
  }

  synchronized IoEngine get() {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, "the disk backend is closed; open it again");
    }
    if (engine == null) {
      engine = new ThreadEngine("blocks", depth);
    }
    return engine;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (engine != null) {
      engine.close();
    }
  }
}
