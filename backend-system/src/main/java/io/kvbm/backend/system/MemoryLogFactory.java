package io.kvbm.backend.system;

import io.kvbm.api.storage.StorageType;
import io.kvbm.api.store.Log;
import io.kvbm.api.store.LogFactory;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Opens logs in host memory; a location is any name. The records stay until the backend is closed.
 */
final class MemoryLogFactory implements LogFactory {

  private final StoreMemory memory;
  private final OpenStores open;
  private final Map<String, LogRecords> locations = new ConcurrentHashMap<>();

  MemoryLogFactory(StoreMemory memory, OpenStores open) {
    this.memory = memory;
    this.open = open;
  }

  @Override
  public String storageKind() {
    return StorageType.SYSTEM.kind();
  }

  @Override
  public Log open(String location) {
    LogRecords records = locations.computeIfAbsent(location, _ -> new LogRecords(memory));
    return open.open(() -> new MemoryLog(location, records, open), MemoryLog::close);
  }

  /** Frees the records of every log; called when no log is open any more. */
  void clear() {
    locations.values().forEach(LogRecords::clear);
    locations.clear();
  }
}
