package io.kvbm.backend.disk;

import io.kvbm.api.disk.Disk;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.transfer.Transport;
import java.util.List;

/** The open backend: one directory of scratch files and the transport to them. */
final class DiskBackend implements Backend {

  private final Disk disk;
  private final boolean ownsDisk;
  private final DiskAllocator allocator;
  private final FileTransport transport;
  private final NvmeStoreFactory objectStores;

  DiskBackend(BackendContext context, BackendConfig config, DiskSettings settings) {
    this.ownsDisk = context.disk().isEmpty();
    this.disk = context.disk().orElseGet(() -> DiskStorage.fileDisk(settings));
    this.allocator =
        new DiskAllocator(disk, settings.directory(), settings.direct(), settings.unlinkAtOnce());
    this.transport =
        new FileTransport(context.ioExecutor(), context.memoryBudget(), settings.ioDepth());
    this.objectStores =
        new NvmeStoreFactory(context, disk, settings.directory(), NvmeSettings.of(config, settings));
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
  public List<ObjectStoreFactory> objectStores() {
    return List.of(objectStores);
  }

  @Override
  public List<Disk> disks() {
    return List.of(disk);
  }

  @Override
  public void close() {
    allocator.refuseMore();
    objectStores.close();
    transport.close();
    if (ownsDisk) {
      disk.close();
    }
  }
}
