package io.kvbm.core.offload;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** Blocks that are copied together. An executor that threw may run its task all the same. */
record OffloadBatch(List<QueueEntry> entries, AtomicBoolean begun) {

  OffloadBatch(List<QueueEntry> entries) {
    this(List.copyOf(entries), new AtomicBoolean());
  }

  /** {@return whether the caller is the one to deal with it} */
  boolean tryBegin() {
    return begun.compareAndSet(false, true);
  }

  long priority() {
    return entries.getFirst().priority;
  }
}
