package io.kvbm.core.transfer;

import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Host memory of one kind for transfers in two hops, kept for the next one. How many there are at
 * once is bounded by the batches in flight. Threading: safe from any thread.
 */
final class BounceBuffers {

  private final StorageAllocator allocator;
  private final long usualByteSize;
  private final Map<Long, Deque<Storage>> free = new HashMap<>();

  BounceBuffers(StorageAllocator allocator, long usualByteSize) {
    this.allocator = allocator;
    this.usualByteSize = usualByteSize;
  }

  /**
   * {@return a buffer for two halves of at least one block each; give it back to {@link #release}}
   */
  Storage acquire(long blockByteSize) {
    long byteSize = Math.max(usualByteSize, Math.multiplyExact(2, blockByteSize));
    synchronized (free) {
      Deque<Storage> kept = free.get(byteSize);
      if (kept != null && !kept.isEmpty()) {
        return kept.pop();
      }
    }
    return allocator.allocate(byteSize);
  }

  void release(Storage buffer) {
    synchronized (free) {
      free.computeIfAbsent(buffer.byteSize(), _ -> new ArrayDeque<>()).push(buffer);
    }
  }

  /** Frees what is kept. Buffers in use must have been released. One that fails keeps no other. */
  void close() {
    List<Storage> due = new ArrayList<>();
    synchronized (free) {
      free.values().forEach(due::addAll);
      free.clear();
    }
    RuntimeException first = null;
    for (Storage buffer : due) {
      try {
        buffer.close();
      } catch (RuntimeException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
