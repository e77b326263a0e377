package io.kvbm.api.store;

import io.kvbm.api.Stability;

/** How a store is opened. */
@Stability(Stability.Level.STABLE)
public enum OpenMode {
  /** The one writer. A second one is refused, naming the holder. */
  WRITE,
  /**
   * A reader of the last published state, allowed beside a writer; it keeps seeing that state until
   * closed.
   */
  READ_SNAPSHOT
}
