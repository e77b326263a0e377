package org.example.zstdmemory;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The open backend; its stores go with it. Threading: safe from any thread. */
final class ZstdMemoryBackend implements Backend, BlockStoreFactory {

  private final BackendContext context;
  private final int level;
  private final CompressedBytes memory;
  private final Set<ZstdBlockStore> open = new LinkedHashSet<>();
  private boolean closed;

  ZstdMemoryBackend(BackendContext context, int level, long capacity) {
    this.context = context;
    this.level = level;
    this.memory = new CompressedBytes(capacity, context.memoryBudget());
  }

  @Override
  public List<BlockStoreFactory> blockStores() {
    return List.of(this);
  }

  @Override
  public String storageKind() {
    return "system";
  }

  @Override
  public boolean isPersistent() {
    return false;
  }

  @Override
  public synchronized BlockStore open(Spec spec) {
    if (closed) {
      throw new ClosedException(
          ErrorCode.CLOSED, "the zstd-memory backend is closed; open it again");
    }
    ZstdBlockStore store = new ZstdBlockStore(spec, level, memory, context, this::forget);
    open.add(store);
    return store;
  }

  private synchronized void forget(ZstdBlockStore store) {
    open.remove(store);
  }

  @Override
  public void close() {
    List<ZstdBlockStore> due;
    synchronized (this) {
      closed = true;
      due = new ArrayList<>(open);
    }
    due.forEach(ZstdBlockStore::close); // outside the lock: a store waits for its operations
  }
}
