package io.kvbm.backend.disk;

import io.kvbm.api.disk.Disk;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.store.LogFactory;
import io.kvbm.api.transfer.Transport;
import io.kvbm.backend.disk.io.ThreadEngine;
import io.kvbm.backend.disk.log.DiskLogFactory;
import io.kvbm.backend.disk.log.LogSettings;
import java.util.List;

/** The open backend: one directory of scratch files and the transport to them. */
final class DiskBackend implements Backend {

  /** One writes, others replay. */
  private static final int LOG_THREADS = 3;

  private final Disk disk;
  private final boolean ownsDisk;
  private final DiskAllocator allocator;
  private final FileTransport transport;
  private final DiskLogFactory logs;

  DiskBackend(BackendContext context, DiskSettings settings, LogSettings logSettings) {
    this.ownsDisk = context.disk().isEmpty();
    this.disk = context.disk().orElseGet(() -> DiskStorage.fileDisk(settings));
    this.allocator =
        new DiskAllocator(disk, settings.directory(), settings.direct(), settings.unlinkAtOnce());
    this.transport =
        new FileTransport(context.ioExecutor(), context.memoryBudget(), settings.ioDepth());
    this.logs =
        new DiskLogFactory(
            disk,
            () -> new ThreadEngine("buffered", LOG_THREADS),
            settings.directory().resolve(LogSettings.DIRECTORY),
            logSettings,
            context.ioExecutor());
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
  public List<LogFactory> logs() {
    return List.of(logs);
  }

  @Override
  public List<Disk> disks() {
    return List.of(disk);
  }

  @Override
  public void close() {
    allocator.refuseMore();
    transport.close();
    logs.close();
    if (ownsDisk) {
      disk.close();
    }
  }
}
