package io.kvbm.core.cache;

import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Host memory for bytes that no transport can read where they are. One buffer is kept for the next
 * user. Threading: safe from any thread.
 */
final class StagingArea implements AutoCloseable {

  /** Bytes of an ordinary buffer. */
  static final long BUFFER_BYTE_SIZE = 1 << 20;

  private final Supplier<StorageAllocator> allocator;
  private final AtomicReference<@Nullable Storage> spare = new AtomicReference<>();
  private volatile boolean closed;

  /**
   * @param allocator asked for memory the host can reach, when the first bytes need it
   */
  StagingArea(Supplier<StorageAllocator> allocator) {
    this.allocator = allocator;
  }

  /** {@return a buffer of at least so many bytes, which the caller gives back} */
  Storage take(long byteSize) {
    if (byteSize > BUFFER_BYTE_SIZE) {
      return allocator.get().allocate(byteSize);
    }
    Storage kept = spare.getAndSet(null);
    return kept == null ? allocator.get().allocate(BUFFER_BYTE_SIZE) : kept;
  }

  /** Takes a buffer back. */
  void giveBack(Storage buffer) {
    if (closed || buffer.byteSize() != BUFFER_BYTE_SIZE || !spare.compareAndSet(null, buffer)) {
      buffer.close();
    }
  }

  /** Frees what is kept; nobody takes or gives back any more. */
  @Override
  public void close() {
    closed = true;
    Storage kept = spare.getAndSet(null);
    if (kept != null) {
      kept.close();
    }
  }
}
