package io.kvbm.backend.disk.slab;

import io.kvbm.api.KvbmException;
import io.kvbm.api.transfer.TransferCompletion;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Tells a caller what became of each block of one request, and that nothing is in flight any more
 * when the last operation has ended.
 */
final class SlabBatch {

  private final TransferCompletion completion;
  private final AtomicInteger open;
  private final Runnable afterLast;
  private final System.Logger logger;

  /**
   * @param blockCount operations that will {@link #ended end}
   * @param completion what to tell
   * @param afterLast run when all have ended, before the caller is told
   */
  SlabBatch(
      int blockCount, TransferCompletion completion, Runnable afterLast, System.Logger logger) {
    this.completion = completion;
    this.afterLast = afterLast;
    this.logger = logger;
    this.open = new AtomicInteger(blockCount + 1);
  }

  boolean isCancelled() {
    return completion.isCancelled();
  }

  void done(int block, long byteSize) {
    tell(() -> completion.done(block, byteSize));
  }

  void failed(int block, KvbmException cause) {
    tell(() -> completion.failed(block, cause));
  }

  void cancelled(int block) {
    tell(() -> completion.cancelled(block));
  }

  /** An operation has ended, or all have been started. */
  void ended() {
    if (open.decrementAndGet() == 0) {
      afterLast.run();
      tell(completion::drained);
    }
  }

  /** A caller that throws must not keep a slot or a buffer from coming back. */
  private void tell(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      logger.log(System.Logger.Level.ERROR, "a completion of the disk's block store threw", e);
    }
  }
}
