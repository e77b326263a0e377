package io.kvbm.testkit.broken;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.storage.Region;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.Transport;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Copies host memory soundly, block after block on the calling thread. */
class PlainTransport implements Transport {

  private final ReferenceState state;

  PlainTransport(ReferenceState state) {
    this.state = state;
  }

  @Override
  public String name() {
    return "plain";
  }

  @Override
  public boolean supports(Route route) {
    return route.source().kind().equals("system") && route.target().kind().equals("system");
  }

  @Override
  public void submit(TransferBatch batch, TransferCompletion completion) {
    if (!tryEnter()) {
      for (int block = 0; block < batch.blockCount(); block++) {
        completion.failed(block, new ClosedException(ErrorCode.CLOSED, "the backend is closed"));
      }
      completion.drained();
      return;
    }
    try {
      move(batch, completion);
    } finally {
      state.leave();
    }
  }

  boolean tryEnter() {
    return state.tryEnter();
  }

  private void move(TransferBatch batch, TransferCompletion completion) {
    int copy = 0;
    for (int block = 0; block < batch.blockCount(); block++) {
      boolean cancelled = completion.isCancelled();
      long byteSize = 0;
      @Nullable KvbmException failure = null;
      for (; copy < batch.size() && batch.block(copy) == block; copy++) {
        if (!cancelled && failure == null) {
          failure = tryCopy(batch, copy);
        }
        byteSize += batch.byteSize(copy);
      }
      if (cancelled) {
        completion.cancelled(block);
      } else if (failure != null) {
        completion.failed(block, failure);
      } else {
        report(batch, completion, block, byteSize);
      }
    }
    end(batch, completion);
  }

  private @Nullable KvbmException tryCopy(TransferBatch batch, int copy) {
    try {
      copy(
          ((Region.HostRegion) batch.sourceRegion(copy)).segment(),
          ((Region.HostRegion) batch.targetRegion(copy)).segment());
      return null;
    } catch (KvbmException e) {
      return e;
    }
  }

  /** Copies one run of bytes. */
  void copy(MemorySegment source, MemorySegment target) {
    target.copyFrom(source);
  }

  /** Reports a block that moved. */
  void report(TransferBatch batch, TransferCompletion completion, int block, long byteSize) {
    completion.done(block, byteSize);
  }

  /** Reports the end of the batch. */
  void end(TransferBatch batch, TransferCompletion completion) {
    completion.drained();
  }
}
