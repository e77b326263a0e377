package io.kvbm.core.offload;

import io.kvbm.core.time.Cancellable;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Blocks that are copied together. An executor that threw may run its task all the same. Fields
 * that change are guarded by the lock of the queue.
 */
final class OffloadBatch {

  private final List<QueueEntry> entries;
  private final AtomicBoolean begun = new AtomicBoolean();

  /** Rings when it has taken too long. */
  @Nullable Cancellable stallAlarm;

  /** Blocks that had no result when it stalled; 0 = it has not. */
  int stalledBlocks;

  /** Stalled, and another may run in its place. */
  boolean isWrittenOff;

  /** Has come back to the queue. */
  boolean hasEnded;

  OffloadBatch(List<QueueEntry> entries) {
    this.entries = List.copyOf(entries);
  }

  List<QueueEntry> entries() {
    return entries;
  }

  /** {@return whether the caller is the one to deal with it} */
  boolean tryBegin() {
    return begun.compareAndSet(false, true);
  }

  long priority() {
    return entries.getFirst().priority;
  }
}
