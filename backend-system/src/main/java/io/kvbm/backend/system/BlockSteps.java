package io.kvbm.backend.system;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.transfer.TransferCompletion;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The blocks of one request to a store, done one after another by each thread that runs this and
 * side by side by several.
 */
final class BlockSteps implements Runnable {

  /** Bytes up to which the submitter does the work; a checksum goes with every byte of it. */
  private static final long INLINE_BELOW = 1L << 20;

  /** What is done to one block. */
  @FunctionalInterface
  interface Step {
    /** {@return how many bytes moved} */
    long move(int block);
  }

  private final int blockCount;
  private final Step step;
  private final TransferCompletion completion;
  private final Runnable afterLast;
  private final System.Logger logger;
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger unfinished;

  BlockSteps(
      int blockCount,
      Step step,
      TransferCompletion completion,
      Runnable afterLast,
      System.Logger logger) {
    this.blockCount = blockCount;
    this.step = step;
    this.completion = completion;
    this.afterLast = afterLast;
    this.logger = logger;
    this.unfinished = new AtomicInteger(blockCount);
  }

  /** Runs on the calling thread where the request is short, else on threads of the executor. */
  void start(long byteSize, Executor executor, int parallelism) {
    if (blockCount == 0) {
      end();
      return;
    }
    if (byteSize < INLINE_BELOW) {
      run();
      return;
    }
    for (int i = 0; i < Math.min(blockCount, parallelism); i++) {
      try {
        executor.execute(this);
      } catch (RejectedExecutionException | OutOfMemoryError e) {
        run(); // closing, or no thread to be had: finish what was promised here
        return;
      }
    }
  }

  @Override
  public void run() {
    int block;
    while ((block = next.getAndIncrement()) < blockCount) {
      Runnable report = move(block);
      tell(report);
      if (unfinished.decrementAndGet() == 0) {
        end();
      }
    }
  }

  private void end() {
    afterLast.run();
    tell(completion::drained);
  }

  private Runnable move(int block) {
    if (completion.isCancelled()) {
      return () -> completion.cancelled(block);
    }
    try {
      long byteSize = step.move(block);
      return () -> completion.done(block, byteSize);
    } catch (KvbmException e) {
      return () -> completion.failed(block, e);
    } catch (RuntimeException | Error e) {
      BackendException cause =
          new BackendException(ErrorCode.OPERATION_FAILED, "block " + block + " failed: " + e, e);
      return () -> completion.failed(block, cause);
    }
  }

  /** A completion that throws must not keep the other blocks from being reported. */
  private void tell(Runnable report) {
    try {
      report.run();
    } catch (RuntimeException e) {
      logger.log(System.Logger.Level.ERROR, "a transfer completion threw", e);
    }
  }
}
