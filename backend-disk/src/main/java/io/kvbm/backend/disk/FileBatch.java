package io.kvbm.backend.disk;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Region.FileRegion;
import io.kvbm.api.storage.Region.HostRegion;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A batch in flight. Several threads take its operations in order; the last one out reports it
 * drained.
 *
 * <p>A block is reported when its last operation ended, whatever became of it, so that a failed
 * block's storage is not touched after its report.
 */
final class FileBatch {

  private static final System.Logger LOGGER = System.getLogger(FileBatch.class.getName());

  private final TransferBatch batch;
  private final TransferCompletion completion;
  private final AlignedIo io;
  private final Runnable ended;
  private final List<FileOperation> operations;
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger workers = new AtomicInteger(1);
  private final Block[] blocks;

  /**
   * @param batch what to move
   * @param completion told what became of each block
   * @param io how
   * @param ended run after the batch was reported drained
   */
  FileBatch(TransferBatch batch, TransferCompletion completion, AlignedIo io, Runnable ended) {
    this.batch = batch;
    this.completion = completion;
    this.io = io;
    this.ended = ended;
    this.operations = FileOperation.plan(batch);
    this.blocks = new Block[batch.blockCount()];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = new Block();
    }
    for (FileOperation operation : operations) {
      for (int i = 0; i < operation.copyCount(); i++) {
        blocks[batch.block(operation.firstCopy() + i)].remaining++;
      }
    }
    for (int i = 0; i < batch.size(); i++) {
      blocks[batch.block(i)].byteSize += batch.byteSize(i);
    }
  }

  /** Hands the operations to at most {@code depth} threads and returns. */
  void start(Executor executor, int depth) {
    KvbmException refusal = null;
    for (int i = 0; i < Math.min(depth, operations.size()) && refusal == null; i++) {
      workers.incrementAndGet();
      try {
        executor.execute(this::work);
      } catch (RejectedExecutionException | OutOfMemoryError e) {
        // Also when no thread can be started: those that were must end before anybody is told.
        refusal =
            new BackendException(
                ErrorCode.OPERATION_FAILED, "the I/O threads take no more work; retry later", e);
        workers.decrementAndGet();
      }
    }
    if (refusal != null && workers.get() == 1) {
      failRest(refusal);
    }
    leave();
  }

  /** Reports every block as failed; nothing was started. */
  void refuse(KvbmException cause) {
    failRest(cause);
    tell(completion::drained);
  }

  private void failRest(KvbmException cause) {
    for (FileOperation operation = take(); operation != null; operation = take()) {
      settle(operation, cause, false);
    }
  }

  private @Nullable FileOperation take() {
    int index = next.getAndIncrement();
    return index < operations.size() ? operations.get(index) : null;
  }

  private void work() {
    try {
      for (FileOperation operation = take(); operation != null; operation = take()) {
        if (completion.isCancelled()) {
          settle(operation, null, true);
        } else {
          attempt(operation);
        }
      }
    } finally {
      leave();
    }
  }

  /** Where several copies fail together, each is tried by itself: one bad page costs one block. */
  private void attempt(FileOperation operation) {
    KvbmException failure = tryMove(operation);
    if (failure == null || operation.copyCount() == 1) {
      settle(operation, failure, false);
      return;
    }
    for (FileOperation single : operation.split(batch)) {
      if (completion.isCancelled()) {
        settle(single, null, true);
      } else {
        settle(single, tryMove(single), false);
      }
    }
  }

  private @Nullable KvbmException tryMove(FileOperation operation) {
    try {
      move(operation);
      return null;
    } catch (KvbmException e) {
      return e;
    } catch (RuntimeException | Error e) {
      return new BackendException(
          ErrorCode.OPERATION_FAILED,
          "copy of %d bytes along %s failed: %s".formatted(operation.byteSize(), batch.route(), e),
          e);
    }
  }

  private void move(FileOperation operation) {
    int copy = operation.firstCopy();
    Region source = batch.source(copy).region();
    Region target = batch.target(copy).region();
    long sourceOffset = batch.sourceOffset(copy) + operation.offset();
    long targetOffset = batch.targetOffset(copy) + operation.offset();
    long length = operation.byteSize();
    if (source instanceof FileRegion file && target instanceof HostRegion host) {
      io.read(
          file.file(),
          file.slice(sourceOffset, length).position(),
          host.segment().asSlice(targetOffset, length));
    } else if (source instanceof HostRegion host && target instanceof FileRegion file) {
      io.write(
          file.file(),
          file.slice(targetOffset, length).position(),
          host.segment().asSlice(sourceOffset, length));
    } else {
      throw new CallerException(
          ErrorCode.NO_ROUTE,
          "the disk backend moves files to and from host memory, not " + batch.route());
    }
  }

  private void settle(FileOperation operation, @Nullable KvbmException failure, boolean cancelled) {
    for (int i = 0; i < operation.copyCount(); i++) {
      int index = batch.block(operation.firstCopy() + i);
      if (blocks[index].settle(failure, cancelled)) {
        tell(() -> report(index));
      }
    }
  }

  private void report(int index) {
    Block block = blocks[index];
    KvbmException failure = block.failure;
    if (failure != null) {
      completion.failed(index, failure);
    } else if (block.cancelled) {
      completion.cancelled(index);
    } else {
      completion.done(index, block.byteSize);
    }
  }

  private void leave() {
    if (workers.decrementAndGet() == 0) {
      try {
        tell(completion::drained);
      } finally {
        ended.run();
      }
    }
  }

  /** A completion that throws must not keep the other blocks from being reported. */
  private void tell(Runnable news) {
    try {
      news.run();
    } catch (RuntimeException e) {
      LOGGER.log(System.Logger.Level.ERROR, "completion of a " + batch.route() + " batch threw", e);
    }
  }

  /** What is known of one block. */
  private static final class Block {
    private int remaining;
    private long byteSize;
    private @Nullable KvbmException failure;
    private boolean cancelled;

    /** Ends one copy or part of a copy; true for the block's last one. */
    synchronized boolean settle(@Nullable KvbmException cause, boolean wasCancelled) {
      if (cause != null && failure == null) {
        failure = cause;
      }
      cancelled |= wasCancelled;
      return --remaining == 0;
    }
  }
}
