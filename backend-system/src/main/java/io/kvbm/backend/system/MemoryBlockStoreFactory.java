package io.kvbm.backend.system;

import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;

/** Opens block stores in host memory, each with its own blocks. */
final class MemoryBlockStoreFactory implements BlockStoreFactory {

  private final StoreMemory memory;
  private final BackendContext context;
  private final OpenStores open;

  MemoryBlockStoreFactory(StoreMemory memory, BackendContext context, OpenStores open) {
    this.memory = memory;
    this.context = context;
    this.open = open;
  }

  @Override
  public String storageKind() {
    return StorageType.SYSTEM.kind();
  }

  @Override
  public boolean isPersistent() {
    return false;
  }

  @Override
  public BlockStore open(Spec spec) {
    return open.open(
        () -> new MemoryBlockStore(spec, memory, context, open), MemoryBlockStore::close);
  }
}
