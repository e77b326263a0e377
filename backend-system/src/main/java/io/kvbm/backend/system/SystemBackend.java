package io.kvbm.backend.system;

import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.transfer.Transport;
import java.util.List;

/** The open backend. Storages outlive it: they are their callers'. */
final class SystemBackend implements Backend {

  private final List<StorageAllocator> allocators;
  private final List<Transport> transports;
  private volatile boolean closed;

  SystemBackend(BackendContext context, HostMemory memory) {
    allocators =
        List.of(new SystemAllocator(memory, this::isClosed), new NullAllocator(this::isClosed));
    transports = List.of(new MemcpyTransport(context));
  }

  private boolean isClosed() {
    return closed;
  }

  @Override
  public List<StorageAllocator> allocators() {
    return allocators;
  }

  @Override
  public List<Transport> transports() {
    return transports;
  }

  @Override
  public void close() {
    closed = true;
  }
}
