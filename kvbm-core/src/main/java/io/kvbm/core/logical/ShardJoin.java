package io.kvbm.core.logical;

import io.kvbm.api.KvbmException;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferCompletion;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes one outcome per block out of one per shard: done where every shard is, otherwise the first
 * that was not. Threading: safe from any thread.
 */
final class ShardJoin {

  private final TransferCompletion completion;
  private final long[] byteSizes;
  private final @Nullable BlockOutcome[] notDone;
  private int awaited;

  ShardJoin(int blocks, int workers, TransferCompletion completion) {
    this.completion = completion;
    this.byteSizes = new long[blocks];
    this.notDone = new BlockOutcome[blocks];
    this.awaited = workers;
  }

  int blocks() {
    return byteSizes.length;
  }

  /** One worker has moved or not moved its shards, one outcome per block. */
  void ended(List<BlockOutcome> shards) {
    synchronized (this) {
      for (int i = 0; i < byteSizes.length; i++) {
        if (shards.get(i) instanceof BlockOutcome.Done(long byteSize)) {
          byteSizes[i] += byteSize;
        } else if (notDone[i] == null) {
          notDone[i] = shards.get(i);
        }
      }
      if (--awaited > 0) {
        return;
      }
    }
    report();
  }

  /** No worker was asked. */
  void refuse(KvbmException cause) {
    for (int i = 0; i < byteSizes.length; i++) {
      completion.failed(i, cause);
    }
    completion.drained();
  }

  private void report() {
    for (int i = 0; i < byteSizes.length; i++) {
      BlockOutcome end = notDone[i];
      if (end == null) {
        completion.done(i, byteSizes[i]);
      } else if (end instanceof BlockOutcome.Failed(KvbmException cause)) {
        completion.failed(i, cause);
      } else {
        completion.cancelled(i);
      }
    }
    completion.drained();
  }
}
