package io.kvbm.testkit.broken;

import io.kvbm.api.disk.Disk;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.Finding;
import io.kvbm.api.spi.Spi;
import io.kvbm.api.spi.SpiVersion;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.LogFactory;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.transfer.Transport;
import java.util.List;
import java.util.Set;

/**
 * A small sound backend over host memory that offers every part; the broken ones replace one part
 * each.
 */
public class HeapProvider implements BackendProvider {

  private final Parts parts = Parts.current();

  /** Creates the provider. */
  public HeapProvider() {}

  @Override
  public String name() {
    return "fixture";
  }

  @Override
  public SpiVersion builtFor() {
    return new SpiVersion(Spi.MAJOR, Spi.MINOR);
  }

  @Override
  public Set<String> storageKinds() {
    return Set.of("system");
  }

  @Override
  public List<ConfigKey> configKeys() {
    return List.of(new ConfigKey("size", ConfigKey.Type.BYTE_SIZE, "1GiB", "most of one storage"));
  }

  @Override
  public Availability probe(BackendConfig config) {
    return parts.probe(config);
  }

  @Override
  public List<Finding> diagnose(BackendConfig config) {
    return parts.diagnose(config);
  }

  @Override
  public Backend open(BackendContext context, BackendConfig config) {
    config.validate(name(), configKeys());
    ReferenceState state = parts.state();
    List<StorageAllocator> allocators = List.of(parts.allocator(context, state));
    List<Transport> transports = List.of(parts.transport(state));
    List<LayoutProvider> layouts = List.of(parts.layouts());
    List<BlockStoreFactory> blockStores = List.of(parts.blockStores(state));
    List<ObjectStoreFactory> objectStores = List.of(parts.objectStores(context, state));
    List<LogFactory> logs = parts.allLogs(state);
    List<Disk> disks = List.of(parts.disk());
    return new Backend() {
      @Override
      public List<StorageAllocator> allocators() {
        return allocators;
      }

      @Override
      public List<Transport> transports() {
        return transports;
      }

      @Override
      public List<LayoutProvider> layouts() {
        return layouts;
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
        return logs;
      }

      @Override
      public List<Disk> disks() {
        return disks;
      }

      @Override
      public void close() {
        state.close();
      }
    };
  }
}
