package io.kvbm.bench.store;

import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.core.Platform;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;

/** The disk backend's object store. */
final class KvbmStore implements BenchedStore {

  private final Platform platform;
  private final ObjectStore store;
  private final PutOptions options;

  KvbmStore(StoreSetup setup, Path directory) {
    options = PutOptions.DEFAULT.withDurability(setup.durability());
    platform =
        Platform.load(); // The backend is on the bench's class path; plugins would double it.
    try {
      store = platform.objectStore("disk", config(setup), directory.toString(), OpenMode.WRITE);
    } catch (RuntimeException e) {
      platform.close();
      throw e;
    }
  }

  private static BackendConfig config(StoreSetup setup) {
    BackendConfig config =
        BackendConfig.of("objectCacheSize", Long.toString(setup.cacheByteSize()));
    for (Map.Entry<String, String> setting : setup.settings().entrySet()) {
      config = config.with(setting.getKey(), setting.getValue());
    }
    return config;
  }

  static String settings(StoreSetup setup) {
    return "disk backend, defaults but objectCacheSize=%d %s"
        .formatted(setup.cacheByteSize(), setup.settings());
  }

  @Override
  public void put(long index, ByteBuffer value) {
    store.put(key(index), MemorySegment.ofBuffer(value), options);
  }

  @Override
  public int get(long index, ByteBuffer target) {
    return store
        .get(key(index), new Region.HostRegion(MemorySegment.ofBuffer(target)))
        .map(stat -> (int) stat.byteSize())
        .orElse(-1);
  }

  private static String key(long index) {
    return Keys.text(index);
  }

  @Override
  public void settle() {
    store.flush();
  }

  @Override
  public void close() {
    try (Platform _ = platform;
        ObjectStore _ = store) {
      // Closed in reverse order.
    }
  }
}
