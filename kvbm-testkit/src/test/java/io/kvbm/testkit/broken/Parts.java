package io.kvbm.testkit.broken;

import io.kvbm.api.disk.Disk;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.Finding;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.LogFactory;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.transfer.Transport;
import io.kvbm.testkit.disk.SimDisk;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** What the reference backend is made of: sound parts, of which a broken backend replaces one. */
class Parts {

  private static final AtomicReference<Parts> CURRENT = new AtomicReference<>(new Parts());

  /** {@return the parts that providers made from now on use} */
  static Parts current() {
    return CURRENT.get();
  }

  /** Makes providers use these parts. */
  static void use(Parts parts) {
    CURRENT.set(parts);
  }

  BackendProvider provider() {
    return new HeapProvider();
  }

  Availability probe(BackendConfig config) {
    return new Availability.Available("always");
  }

  List<Finding> diagnose(BackendConfig config) {
    return List.of();
  }

  ReferenceState state() {
    return new ReferenceState();
  }

  StorageAllocator allocator(BackendContext context, ReferenceState state) {
    return new HostAllocator(state);
  }

  Transport transport(ReferenceState state) {
    return new PlainTransport(state);
  }

  LayoutProvider layouts() {
    return new PlainLayouts();
  }

  BlockStoreFactory blockStores(ReferenceState state) {
    return new MemoryBlocks(state);
  }

  ObjectStoreFactory objectStores(BackendContext context, ReferenceState state) {
    return new MemoryObjects(context.clock(), state);
  }

  List<LogFactory> allLogs(ReferenceState state) {
    return List.of(logs(state));
  }

  LogFactory logs(ReferenceState state) {
    return new MemoryLogs(state);
  }

  Disk disk() {
    return SimDisk.of(1);
  }
}
