package io.kvbm.backend.cuda;

import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.transfer.Transport;
import java.util.List;

/** The open backend. Storages outlive it: they are their callers'. */
final class CudaBackend implements Backend {

  private final SharedDevice device;
  private final CudaTransport transport;
  private final DeviceAllocator allocator;
  private volatile boolean closed;

  CudaBackend(BackendContext context, int device, long budget, SmallCopies smallCopies) {
    this.device = SharedDevice.join(device);
    this.transport = new CudaTransport(smallCopies, context);
    this.allocator = new DeviceAllocator(device, budget, () -> closed);
  }

  @Override
  public List<StorageAllocator> allocators() {
    return List.of(allocator);
  }

  @Override
  public List<Transport> transports() {
    return List.of(transport);
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      transport.close();
    } finally {
      device.leave();
    }
  }
}
