package io.kvbm.api.transfer;

import io.kvbm.api.KvbmException;
import io.kvbm.api.Stability;

/**
 * How a transport or block store tells core what became of each block. Core implements it.
 *
 * <p>For each block exactly one of {@link #done}, {@link #failed}, {@link #cancelled} is called,
 * from any thread, in any order; then {@link #drained} once, after which the backend touches none
 * of the storages again. A call may come on the submitting thread before {@code submit} returns.
 */
@Stability(Stability.Level.STABLE)
public interface TransferCompletion {

  /**
   * A block moved whole.
   *
   * @param block index in the batch
   * @param byteSize how many bytes moved
   */
  void done(int block, long byteSize);

  /**
   * A block did not move; the target's bytes are undefined.
   *
   * @param block index in the batch
   * @param cause why
   */
  void failed(int block, KvbmException cause);

  /**
   * A block was not moved because the batch was cancelled or its deadline passed.
   *
   * @param block index in the batch
   */
  void cancelled(int block);

  /** Every block was reported and no operation is in flight any more. */
  void drained();

  /** {@return whether the backend should stop submitting; what is in flight is drained first} */
  default boolean isCancelled() {
    return false;
  }
}
