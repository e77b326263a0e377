package io.kvbm.core.cache;

import io.kvbm.api.cache.DeviceCache.Pin;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.core.Platform;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A platform whose transfers are steered, an allocator of host memory and a store. */
final class CacheWorld implements StorageAllocator, AutoCloseable {

  final SteeredTransport.Steering steering = new SteeredTransport.Steering();
  final Platform platform =
      Platform.builder().transports(each -> new SteeredTransport(each, steering)).build();
  final ObjectStore store = platform.objectStore("system", "objects", OpenMode.WRITE);
  private final List<Storage> slabs = new CopyOnWriteArrayList<>();

  GpuCacheBuilder builder(long byteSize) {
    return GpuCache.builder(this, byteSize).platform(platform);
  }

  GpuCache cache(long byteSize) {
    return builder(byteSize).build();
  }

  @Override
  public String storageKind() {
    return "system";
  }

  @Override
  public Storage allocate(AllocationRequest request) {
    Storage slab = new HostStorage(request.byteSize());
    slabs.add(slab);
    return slab;
  }

  /** The memory of the last cache made. */
  Storage slab() {
    return slabs.getLast();
  }

  /** The bytes at an address of the last cache. */
  MemorySegment at(long pointer, long byteSize) {
    return slab().view().asSlice(pointer - slab().address(), byteSize);
  }

  /** Whether the bytes a pin holds are those of a pattern. */
  boolean holds(Pin pin, long seed) {
    return BytePatterns.mismatch(at(pin.devicePointer(), pin.byteSize()), seed) < 0;
  }

  void put(String key, int byteSize, long seed) {
    store.put(key, BytePatterns.heap(byteSize, seed), PutOptions.DEFAULT);
  }

  static <T> T await(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    store.close();
    platform.close();
    slabs.forEach(Storage::close);
  }
}
