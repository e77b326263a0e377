package io.kvbm.backend.disk;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.store.OpenMode;
import io.kvbm.backend.disk.io.InlineEngine;
import io.kvbm.backend.disk.io.IoEngine;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** Opens object stores below the backend's directory, or in one named by its whole path. */
final class NvmeStoreFactory implements ObjectStoreFactory, AutoCloseable {

  private final BackendContext context;
  private final Disk disk;
  private final Supplier<IoEngine> engines;
  private final Path directory;
  private final StorageConfig config;
  private final Set<NvmeStore> open = new HashSet<>();
  private boolean closed;

  NvmeStoreFactory(
      BackendContext context,
      Disk disk,
      Supplier<IoEngine> engines,
      Path directory,
      StorageConfig config) {
    this.context = context;
    this.disk = disk;
    this.engines = engines;
    this.directory = directory;
    this.config = config;
  }

  @Override
  public String storageKind() {
    return "disk";
  }

  @Override
  public ObjectStore open(String location, OpenMode mode) {
    Path path;
    try {
      path = directory.toAbsolutePath().resolve(location);
    } catch (InvalidPathException e) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "location '%s' is no path: %s".formatted(location, e.getReason()),
          e);
    }
    synchronized (open) {
      if (closed) {
        throw new ClosedException(
            ErrorCode.CLOSED, "the backend of these object stores is closed; open it again");
      }
      open.removeIf(NvmeStore::isClosed);
      NvmeStore store = NvmeStore.open(disk, engine(), path, mode, config, context);
      open.add(store);
      return store;
    }
  }

  /** A disk from outside may be a simulated one, whose calls must come in the same order. */
  private IoEngine engine() {
    return context.disk().isPresent() ? new InlineEngine() : engines.get();
  }

  @Override
  public void close() {
    List<NvmeStore> left;
    synchronized (open) {
      closed = true;
      left = List.copyOf(open);
    }
    KvbmException failure = null;
    for (NvmeStore store : left) {
      try {
        store.close();
      } catch (KvbmException e) { // the others are closed all the same
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
