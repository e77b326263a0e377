package io.kvbm.backend.system;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.storage.Region;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * One batch on its way. Any number of threads may run it: each takes the next piece until none is
 * left; whoever ends the last piece of a block reports the block, whoever ends the last piece of
 * all reports the batch as drained.
 */
final class MemcpyTask implements Runnable {

  @SuppressWarnings("StaticAssignmentOfThrowable") // one for every block of a cancelled batch
  private static final KvbmException CANCELLED =
      new TransientException(ErrorCode.CANCELLED, "the batch was cancelled");

  private final TransferBatch batch;
  private final TransferCompletion completion;
  private final System.Logger logger;
  private final Runnable ended;
  private final CopyPieces pieces;
  private final AtomicInteger nextPiece = new AtomicInteger();
  private final AtomicInteger unfinishedPieces;
  private final AtomicIntegerArray unfinishedOfBlock;
  private final AtomicReferenceArray<@Nullable KvbmException> failures;

  /** Creates the copies of a batch; {@code ended} is run after the batch was reported drained. */
  MemcpyTask(
      TransferBatch batch, TransferCompletion completion, System.Logger logger, Runnable ended) {
    this.batch = batch;
    this.completion = completion;
    this.logger = logger;
    this.ended = ended;
    this.pieces = CopyPieces.of(batch);
    this.unfinishedPieces = new AtomicInteger(pieces.count());
    this.unfinishedOfBlock = new AtomicIntegerArray(pieces.countPerBlock());
    this.failures = new AtomicReferenceArray<>(batch.blockCount());
  }

  int pieceCount() {
    return pieces.count();
  }

  @Override
  public void run() {
    int piece;
    while ((piece = nextPiece.getAndIncrement()) < pieces.count()) {
      move(piece);
      finish(piece);
    }
  }

  private void move(int piece) {
    if (completion.isCancelled()) {
      fail(piece, CANCELLED);
      return;
    }
    try {
      copy(piece);
    } catch (KvbmException e) {
      fail(piece, e);
    } catch (RuntimeException | Error e) {
      fail(piece, new BackendException(ErrorCode.OPERATION_FAILED, "memory copy failed: " + e, e));
    }
  }

  private void copy(int piece) {
    int copy = pieces.firstCopy(piece);
    long skip = pieces.offset(piece);
    long byteSize = pieces.byteSize(piece);
    Region source = batch.source(copy).region();
    Region target = batch.target(copy).region();
    long from = batch.sourceOffset(copy) + skip;
    long to = batch.targetOffset(copy) + skip;
    switch (target) {
      case Region.NullRegion _ -> {}
      case Region.HostRegion host -> {
        switch (source) {
          case Region.NullRegion _ -> host.segment().asSlice(to, byteSize).fill((byte) 0);
          case Region.HostRegion origin ->
              MemorySegment.copy(origin.segment(), from, host.segment(), to, byteSize);
          case Region.DeviceRegion _, Region.FileRegion _, Region.RemoteRegion _ ->
              throw unreachable(batch.source(copy).type());
        }
      }
      case Region.DeviceRegion _, Region.FileRegion _, Region.RemoteRegion _ ->
          throw unreachable(batch.target(copy).type());
    }
  }

  private static CallerException unreachable(Object type) {
    return new CallerException(
        ErrorCode.NOT_ACCESSIBLE, type + " storage has no host memory that memcpy could reach");
  }

  private void fail(int piece, KvbmException cause) {
    for (int block = pieces.firstBlock(piece); block <= pieces.lastBlock(piece); block++) {
      failures.compareAndSet(block, null, cause);
    }
  }

  private void finish(int piece) {
    for (int block = pieces.firstBlock(piece); block <= pieces.lastBlock(piece); block++) {
      if (unfinishedOfBlock.decrementAndGet(block) == 0) {
        report(block);
      }
    }
    if (unfinishedPieces.decrementAndGet() == 0) {
      end();
    }
  }

  /** Reports every block as failed, in the place of {@link #run()}. */
  void refuse(KvbmException cause) {
    for (int block = 0; block < batch.blockCount(); block++) {
      int refused = block;
      tell(() -> completion.failed(refused, cause));
    }
    tell(completion::drained);
  }

  private void end() {
    try {
      tell(completion::drained);
    } finally {
      ended.run();
    }
  }

  private void report(int block) {
    KvbmException failure = failures.get(block);
    tell(
        () -> {
          if (failure == null) {
            completion.done(block, pieces.byteSizeOfBlock(block));
          } else if (failure == CANCELLED) {
            completion.cancelled(block);
          } else {
            completion.failed(block, failure);
          }
        });
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
