package io.kvbm.backend.system;

import io.kvbm.api.spi.Clock;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.store.OpenMode;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/** Opens object stores in host memory; a location is any name. */
final class MemoryObjectStoreFactory implements ObjectStoreFactory {

  private final StoreMemory memory;
  private final Clock clock;
  private final OpenStores open;
  private final Map<String, ObjectLocation> locations = new ConcurrentHashMap<>();

  MemoryObjectStoreFactory(StoreMemory memory, Clock clock, OpenStores open) {
    this.memory = memory;
    this.clock = clock;
    this.open = open;
  }

  @Override
  public String storageKind() {
    return StorageType.SYSTEM.kind();
  }

  @Override
  public ObjectStore open(String location, OpenMode mode) {
    Objects.requireNonNull(mode, "mode");
    ObjectLocation shared =
        locations.computeIfAbsent(location, name -> new ObjectLocation(name, clock));
    return open.open(
        () -> new MemoryObjectStore(shared, mode, memory, clock, open), MemoryObjectStore::close);
  }
}
