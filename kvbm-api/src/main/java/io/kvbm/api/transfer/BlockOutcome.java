package io.kvbm.api.transfer;

import io.kvbm.api.KvbmException;
import io.kvbm.api.Stability;

/** How the transfer of one block ended. */
@Stability(Stability.Level.STABLE)
public sealed interface BlockOutcome {

  /**
   * Every byte is where it should be.
   *
   * @param byteSize how many bytes moved
   */
  record Done(long byteSize) implements BlockOutcome {}

  /**
   * The target's bytes are undefined.
   *
   * @param cause why
   */
  record Failed(KvbmException cause) implements BlockOutcome {}

  /**
   * The transfer was cancelled before this block was moved whole; the target's bytes are undefined.
   */
  record Cancelled() implements BlockOutcome {}

  /** {@return whether the block moved whole} */
  default boolean isDone() {
    return this instanceof Done;
  }
}
