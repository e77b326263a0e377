package io.kvbm.backend.disk;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.LogFactory;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.transfer.Transport;
import io.kvbm.backend.disk.io.EngineChoice;
import io.kvbm.backend.disk.io.EngineType;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.IoEngines;
import io.kvbm.backend.disk.io.LentEngine;
import io.kvbm.backend.disk.log.DiskLogFactory;
import io.kvbm.backend.disk.log.LogSettings;
import io.kvbm.backend.disk.slab.SlabEnvironment;
import io.kvbm.backend.disk.slab.SlabSettings;
import io.kvbm.backend.disk.slab.SlabStoreFactory;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The open backend: one directory of scratch files, the transport to them, and the engine. */
final class DiskBackend implements Backend {

  private final Disk disk;
  private final boolean ownsDisk;
  private final DiskAllocator allocator;
  private final FileTransport transport;
  private final BackendContext context;
  private final DiskSettings settings;
  private final Object engineLock = new Object();
  private @Nullable IoEngine engine;
  private boolean closed;
  private final SlabStoreFactory blocks;
  private final DiskLogFactory logs;
  private final NvmeStoreFactory objectStores;

  DiskBackend(
      BackendContext context,
      DiskSettings settings,
      SlabSettings slabs,
      LogSettings logSettings,
      StorageConfig objects) {
    this.context = context;
    this.settings = settings;
    this.ownsDisk = context.disk().isEmpty();
    this.disk = context.disk().orElseGet(() -> DiskStorage.fileDisk(settings));
    this.allocator =
        new DiskAllocator(disk, settings.directory(), settings.direct(), settings.unlinkAtOnce());
    this.transport =
        new FileTransport(context.ioExecutor(), context.memoryBudget(), settings.ioDepth());
    this.blocks = new SlabStoreFactory(() -> SlabEnvironment.of(context, disk, engine()), slabs);
    this.logs =
        new DiskLogFactory(
            disk,
            () -> new LentEngine(engine()),
            settings.directory().resolve(LogSettings.DIRECTORY),
            logSettings,
            context.ioExecutor());
    this.objectStores =
        new NvmeStoreFactory(
            context,
            disk,
            () -> new LentEngine(engine()),
            settings.directory().resolve(NvmeSettings.DIRECTORY),
            objects);
  }

  /**
   * {@return the engine of this backend's stores, chosen and started at the first call}
   *
   * @throws io.kvbm.api.ConfigurationException if a certain engine was asked for and does not work
   */
  IoEngine engine() {
    synchronized (engineLock) {
      if (closed) {
        throw new ClosedException(ErrorCode.CLOSED, "the disk backend is closed");
      }
      if (engine == null) {
        engine = choice().open(settings.engine(), context.metrics());
      }
      return engine;
    }
  }

  /** Nothing is tried out on a disk from outside: a simulated one would count it. */
  private EngineChoice choice() {
    if (ownsDisk) {
      disk.createDirectories(settings.directory());
      return IoEngines.choose(disk, settings.directory(), settings.engine().type());
    }
    EngineType type = settings.engine().type();
    if (type == EngineType.IO_URING) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "engine io_uring cannot run on disk '%s', which was given from outside; set 'engine' to"
                  .formatted(disk.name())
              + " auto");
    }
    return new EngineChoice(
        type == EngineType.AUTO ? EngineType.BUFFERED : type,
        List.of("disk '" + disk.name() + "' was given from outside"));
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
    logs.close();
    IoEngine running;
    synchronized (engineLock) {
      closed = true;
      running = engine;
    }
    if (running != null) {
      running.close();
    }
    if (ownsDisk) {
      disk.close();
    }
  }
}
