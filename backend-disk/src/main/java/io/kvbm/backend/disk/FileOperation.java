package io.kvbm.backend.disk;

import io.kvbm.api.transfer.TransferBatch;
import java.util.ArrayList;
import java.util.List;

/**
 * One read or write of a batch: several copies that follow each other, or a part of a large one.
 *
 * @param firstCopy the first copy it moves
 * @param copyCount how many copies it moves; 1 where it is a part
 * @param offset where it starts in its first copy
 * @param byteSize how many bytes it moves
 */
record FileOperation(int firstCopy, int copyCount, long offset, long byteSize) {

  /** {@return the operations that make up a batch, in its order} */
  static List<FileOperation> plan(TransferBatch batch) {
    List<FileOperation> operations = new ArrayList<>();
    int copy = 0;
    while (copy < batch.size()) {
      int end = copy + 1;
      long byteSize = batch.byteSize(copy);
      while (end < batch.size()
          && follows(batch, end)
          && byteSize + batch.byteSize(end) <= AlignedIo.MAX_IO) {
        byteSize += batch.byteSize(end++);
      }
      for (long offset = 0; offset < byteSize; offset += AlignedIo.MAX_IO) {
        long part = Math.min(AlignedIo.MAX_IO, byteSize - offset);
        operations.add(new FileOperation(copy, end - copy, offset, part));
      }
      copy = end;
    }
    return operations;
  }

  /** {@return the copies of this operation, each by itself} */
  List<FileOperation> split(TransferBatch batch) {
    List<FileOperation> parts = new ArrayList<>(copyCount);
    for (int i = firstCopy; i < firstCopy + copyCount; i++) {
      parts.add(new FileOperation(i, 1, 0, batch.byteSize(i)));
    }
    return parts;
  }

  private static boolean follows(TransferBatch batch, int copy) {
    int before = copy - 1;
    return batch.source(copy) == batch.source(before)
        && batch.target(copy) == batch.target(before)
        && batch.sourceOffset(copy) == batch.sourceOffset(before) + batch.byteSize(before)
        && batch.targetOffset(copy) == batch.targetOffset(before) + batch.byteSize(before);
  }
}
