package io.kvbm.backend.disk;

import io.kvbm.api.disk.Disk;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.LogFactory;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.transfer.Transport;
import io.kvbm.backend.disk.io.ThreadEngine;
import io.kvbm.backend.disk.log.DiskLogFactory;
import io.kvbm.backend.disk.log.LogSettings;
import io.kvbm.backend.disk.slab.SlabEnvironment;
import io.kvbm.backend.disk.slab.SlabSettings;
import io.kvbm.backend.disk.slab.SlabStoreFactory;
import java.util.List;

/** The open backend: one directory of scratch files and the transport to them. */
final class DiskBackend implements Backend {

  /** One writes, others replay. */
  private static final int LOG_THREADS = 3;

  private final Disk disk;
  private final boolean ownsDisk;
  private final DiskAllocator allocator;
  private final FileTransport transport;
  private final BlockEngine blockEngine;
  private final SlabStoreFactory blocks;
  private final DiskLogFactory logs;
  private final NvmeStoreFactory objectStores;

  DiskBackend(
      BackendContext context,
      DiskSettings settings,
      SlabSettings slabs,
      LogSettings logSettings,
      StorageConfig objects) {
    this.ownsDisk = context.disk().isEmpty();
    this.disk = context.disk().orElseGet(() -> DiskStorage.fileDisk(settings));
    this.allocator =
        new DiskAllocator(disk, settings.directory(), settings.direct(), settings.unlinkAtOnce());
    this.transport =
        new FileTransport(context.ioExecutor(), context.memoryBudget(), settings.ioDepth());
    this.blockEngine = new BlockEngine(slabs.ioDepth());
    this.blocks =
        new SlabStoreFactory(() -> SlabEnvironment.of(context, disk, blockEngine.get()), slabs);
    this.logs =
        new DiskLogFactory(
            disk,
            () -> new ThreadEngine("buffered", LOG_THREADS),
            settings.directory().resolve(LogSettings.DIRECTORY),
            logSettings,
            context.ioExecutor());
    this.objectStores =
        new NvmeStoreFactory(
            context, disk, settings.directory().resolve(NvmeSettings.DIRECTORY), objects);
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
  public List<BlockStoreFactory> blockStores() {
    return List.of(blocks);
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
    objectStores.close();
    transport.close();
    blocks.close();
    blockEngine.close();
    logs.close();
    if (ownsDisk) {
      disk.close();
    }
  }
}
