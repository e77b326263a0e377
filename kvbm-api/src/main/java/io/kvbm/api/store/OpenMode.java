package io.kvbm.api.store;

/** How a store is opened. */
public enum OpenMode {
  /** The one writer. A second one is refused, naming the holder. */
  WRITE,
  /**
   * A reader of the last published state, allowed beside a writer; it keeps seeing that state until
   * closed.
   */
  READ_SNAPSHOT
}
