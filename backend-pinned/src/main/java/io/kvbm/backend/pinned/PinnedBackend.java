package io.kvbm.backend.pinned;

import io.kvbm.api.spi.Backend;
import io.kvbm.api.storage.StorageAllocator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** The open backend. Storages outlive it: they are their callers'. */
final class PinnedBackend implements Backend {

  private final PinnedMemory memory;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final PinnedAllocator allocator;

  PinnedBackend(PinnedOptions options) {
    memory = new PinnedMemory(options);
    memory.join();
    allocator = new PinnedAllocator(memory, closed::get);
  }

  @Override
  public List<StorageAllocator> allocators() {
    return List.of(allocator);
  }

  @Override
  public void close() {
    if (!closed.getAndSet(true)) {
      memory.leave();
    }
  }
}
