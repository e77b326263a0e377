package io.kvbm.api.spi;

import io.kvbm.api.Stability;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.remote.AgentFactory;
import io.kvbm.api.remote.DirectoryFactory;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.LogFactory;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.transfer.Transport;
import java.util.List;

/**
 * An open backend: what it can allocate, move and keep. Every method may return an empty list.
 * Threading: safe from any thread. {@link #close()} is idempotent, waits for operations in flight,
 * and survives a half-finished open.
 */
@Stability(Stability.Level.STABLE)
public interface Backend extends AutoCloseable {

  /** {@return allocators, one for each storage kind and place} */
  default List<StorageAllocator> allocators() {
    return List.of();
  }

  /** {@return what moves bytes} */
  default List<Transport> transports() {
    return List.of();
  }

  /** {@return tiers that keep blocks by key} */
  default List<BlockStoreFactory> blockStores() {
    return List.of();
  }

  /** {@return object stores} */
  default List<ObjectStoreFactory> objectStores() {
    return List.of();
  }

  /** {@return logs} */
  default List<LogFactory> logs() {
    return List.of();
  }

  /** {@return layouts beyond those core has} */
  default List<LayoutProvider> layouts() {
    return List.of();
  }

  /** {@return disks others may use} */
  default List<Disk> disks() {
    return List.of();
  }

  /** {@return what shares memory and blocks with other processes} */
  default List<AgentFactory> agents() {
    return List.of();
  }

  /** {@return directories of who holds which blocks} */
  default List<DirectoryFactory> directories() {
    return List.of();
  }

  @Override
  void close();
}
