package io.kvbm.backend.system;

import io.kvbm.api.transfer.TransferBatch;
import java.util.Arrays;

/**
 * A batch cut into pieces that are copied one after another or side by side. Copies that follow
 * each other on both sides become one piece, copies longer than {@link #MAX_BYTE_SIZE} several.
 */
final class CopyPieces {

  /**
   * Long enough that taking the next piece costs nothing, short enough that threads end together.
   */
  static final long MAX_BYTE_SIZE = 4L << 20;

  private final TransferBatch batch;
  private final long[] byteSizeOfBlock;
  private final int[] countPerBlock;
  private int count;
  private int[] firstCopies = new int[4];
  private int[] lastCopies = new int[4];
  private long[] offsets = new long[4];
  private long[] byteSizes = new long[4];

  private CopyPieces(TransferBatch batch) {
    this.batch = batch;
    byteSizeOfBlock = new long[batch.blockCount()];
    countPerBlock = new int[batch.blockCount()];
  }

  /** {@return the pieces of a batch, in its order} */
  static CopyPieces of(TransferBatch batch) {
    CopyPieces pieces = new CopyPieces(batch);
    int copy = 0;
    while (copy < batch.size()) {
      int last = pieces.lastOfRun(copy);
      pieces.addRun(copy, last);
      copy = last + 1;
    }
    for (int i = 0; i < batch.size(); i++) {
      pieces.byteSizeOfBlock[batch.block(i)] += batch.byteSize(i);
    }
    return pieces;
  }

  int count() {
    return count;
  }

  /** {@return the copy a piece starts in} */
  int firstCopy(int piece) {
    return firstCopies[piece];
  }

  /** {@return where a piece starts in its first copy, in bytes} */
  long offset(int piece) {
    return offsets[piece];
  }

  long byteSize(int piece) {
    return byteSizes[piece];
  }

  int firstBlock(int piece) {
    return batch.block(firstCopies[piece]);
  }

  int lastBlock(int piece) {
    return batch.block(lastCopies[piece]);
  }

  /** {@return how many pieces touch each block} */
  int[] countPerBlock() {
    return countPerBlock;
  }

  long byteSizeOfBlock(int block) {
    return byteSizeOfBlock[block];
  }

  private int lastOfRun(int first) {
    long byteSize = batch.byteSize(first);
    int last = first;
    while (last + 1 < batch.size()
        && follows(last, last + 1)
        && byteSize + batch.byteSize(last + 1) <= MAX_BYTE_SIZE) {
      byteSize += batch.byteSize(++last);
    }
    return last;
  }

  private boolean follows(int copy, int next) {
    return batch.source(copy) == batch.source(next)
        && batch.target(copy) == batch.target(next)
        && batch.sourceOffset(copy) + batch.byteSize(copy) == batch.sourceOffset(next)
        && batch.targetOffset(copy) + batch.byteSize(copy) == batch.targetOffset(next);
  }

  private void addRun(int first, int last) {
    long end = 0;
    for (int copy = first; copy <= last; copy++) {
      end += batch.byteSize(copy);
    }
    for (long offset = 0; offset < end; offset += MAX_BYTE_SIZE) {
      add(first, last, offset, Math.min(MAX_BYTE_SIZE, end - offset));
    }
  }

  private void add(int first, int last, long offset, long byteSize) {
    if (count == firstCopies.length) {
      firstCopies = Arrays.copyOf(firstCopies, 2 * count);
      lastCopies = Arrays.copyOf(lastCopies, 2 * count);
      offsets = Arrays.copyOf(offsets, 2 * count);
      byteSizes = Arrays.copyOf(byteSizes, 2 * count);
    }
    firstCopies[count] = first;
    lastCopies[count] = last;
    offsets[count] = offset;
    byteSizes[count++] = byteSize;
    for (int block = batch.block(first); block <= batch.block(last); block++) {
      countPerBlock[block]++;
    }
  }
}
