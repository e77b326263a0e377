package io.kvbm.backend.system;

import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.LogFactory;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.transfer.Transport;
import java.util.List;

/** The open backend. Its stores go with it; storages outlive it: they are their callers'. */
final class SystemBackend implements Backend {

  private final OpenStores open = new OpenStores();
  private final List<StorageAllocator> allocators;
  private final MemcpyTransport transport;
  private final List<BlockStoreFactory> blockStores;
  private final List<ObjectStoreFactory> objectStores;
  private final MemoryLogFactory logs;

  SystemBackend(BackendContext context, HostMemory memory) {
    StoreMemory storeMemory = new StoreMemory(memory, context.memoryBudget());
    allocators =
        List.of(new SystemAllocator(memory, open::isClosed), new NullAllocator(open::isClosed));
    transport = new MemcpyTransport(context);
    blockStores = List.of(new MemoryBlockStoreFactory(storeMemory, context, open));
    objectStores = List.of(new MemoryObjectStoreFactory(storeMemory, context.clock(), open));
    logs = new MemoryLogFactory(storeMemory, open);
  }

  @Override
  public List<StorageAllocator> allocators() {
    return allocators;
  }

  @Override
  public List<Transport> transports() {
    return List.of(transport);
  }

  @Override
  public List<BlockStoreFactory> blockStores() {
    return blockStores;
  }

  @Override
  public List<ObjectStoreFactory> objectStores() {
    return objectStores;
  }

  @Override
  public List<LogFactory> logs() {
    return List.of(logs);
  }

  @Override
  public void close() {
    transport.close();
    open.close();
    logs.clear();
  }
}
