package io.kvbm.backend.remote.tcp;

import io.kvbm.api.KvbmException;
import io.kvbm.api.transfer.TransferCompletion;
import org.jspecify.annotations.Nullable;

/** Counts the parts of one batch and tells its completion of each block once, then of the end. */
final class Batch {

  private final TransferCompletion completion;
  private final int[] parts;
  private final long[] bytes;
  private final boolean[] cancelled;
  private final @Nullable KvbmException[] failures;
  private int open;

  /**
   * @param parts how many parts each block has, above 0; kept
   */
  Batch(TransferCompletion completion, int[] parts) {
    this.completion = completion;
    this.parts = parts;
    this.open = parts.length;
    this.bytes = new long[parts.length];
    this.cancelled = new boolean[parts.length];
    this.failures = new @Nullable KvbmException[parts.length];
  }

  /** {@return whether a part of a block need not be moved: cancelled, or the block has failed} */
  boolean isUnwanted(int block) {
    synchronized (this) {
      if (failures[block] != null || cancelled[block]) {
        return true;
      }
    }
    return completion.isCancelled();
  }

  void moved(int block, long byteSize) {
    end(block, byteSize, null, false);
  }

  void failed(int block, KvbmException cause) {
    end(block, 0, cause, false);
  }

  void skipped(int block) {
    end(block, 0, null, true);
  }

  private void end(int block, long moved, @Nullable KvbmException cause, boolean skip) {
    KvbmException failure;
    boolean unmoved;
    long total;
    synchronized (this) {
      bytes[block] += moved;
      cancelled[block] |= skip;
      if (cause != null && failures[block] == null) {
        failures[block] = cause;
      }
      if (--parts[block] > 0) {
        return;
      }
      failure = failures[block];
      unmoved = cancelled[block];
      total = bytes[block];
    }
    if (failure != null) {
      completion.failed(block, failure);
    } else if (unmoved) {
      completion.cancelled(block);
    } else {
      completion.done(block, total);
    }
    synchronized (this) {
      if (--open > 0) {
        return;
      }
    }
    completion.drained();
  }
}
