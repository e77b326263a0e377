package io.kvbm.backend.cuda;

import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.cuda.CudaStream.Rows;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The copies of some blocks as few calls of the driver: what follows each other on both sides is
 * one copy, what is as long and as far apart is copied as rows. For one thread.
 *
 * <p>Rows keep the order of the blocks, so that each call is of a run of blocks.
 */
final class CopyPlan {

  private final long maxPitch;
  private final List<Step> steps = new ArrayList<>();
  private @Nullable Storage source;
  private @Nullable Storage target;

  CopyPlan(long maxPitch) {
    this.maxPitch = maxPitch;
  }

  /**
   * One call.
   *
   * @param rows what is copied; a height of 1 is a plain copy
   * @param firstBlock the first block it is of
   * @param lastBlock the last block it is of
   */
  record Step(Rows rows, int firstBlock, int lastBlock) {}

  /**
   * Adds a copy; those of a block follow each other.
   *
   * @param copy its index in the batch
   * @param from the address of the first byte read
   * @param to the address of the first byte written
   */
  void add(TransferBatch batch, int copy, long from, long to) {
    int block = batch.block(copy);
    long byteSize = batch.byteSize(copy);
    boolean isSameMemory = batch.source(copy) == source && batch.target(copy) == target;
    if (!isSameMemory || !extend(steps.getLast(), block, from, to, byteSize)) {
      steps.add(new Step(new Rows(from, byteSize, to, byteSize, byteSize, 1), block, block));
    }
    source = batch.source(copy);
    target = batch.target(copy);
  }

  private boolean extend(Step last, int block, long source, long target, long byteSize) {
    Rows rows = last.rows();
    Rows longer;
    if (rows.height() == 1) {
      boolean follows =
          source == rows.source() + rows.width() && target == rows.target() + rows.width();
      longer = follows ? wider(rows, byteSize) : secondRow(rows, source, target, byteSize);
    } else {
      longer = nextRow(rows, source, target, byteSize);
    }
    if (longer == null) {
      return false;
    }
    steps.set(steps.size() - 1, new Step(longer, last.firstBlock(), block));
    return true;
  }

  private static Rows wider(Rows rows, long byteSize) {
    long width = rows.width() + byteSize;
    return new Rows(rows.source(), width, rows.target(), width, width, 1);
  }

  private @Nullable Rows secondRow(Rows rows, long source, long target, long byteSize) {
    long sourcePitch = source - rows.source();
    long targetPitch = target - rows.target();
    boolean fits =
        byteSize == rows.width()
            && sourcePitch >= byteSize
            && targetPitch >= byteSize
            && sourcePitch <= maxPitch
            && targetPitch <= maxPitch;
    return fits
        ? new Rows(rows.source(), sourcePitch, rows.target(), targetPitch, byteSize, 2)
        : null;
  }

  private static @Nullable Rows nextRow(Rows rows, long source, long target, long byteSize) {
    boolean isNext =
        byteSize == rows.width()
            && source == rows.source() + rows.height() * rows.sourcePitch()
            && target == rows.target() + rows.height() * rows.targetPitch();
    return isNext
        ? new Rows(
            rows.source(),
            rows.sourcePitch(),
            rows.target(),
            rows.targetPitch(),
            rows.width(),
            rows.height() + 1)
        : null;
  }

  List<Step> steps() {
    return steps;
  }
}
