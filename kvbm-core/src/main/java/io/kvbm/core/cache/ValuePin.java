package io.kvbm.core.cache;

import io.kvbm.api.cache.DeviceCache;
import java.util.concurrent.atomic.AtomicBoolean;

/** Holds a value until it is closed. */
final class ValuePin implements DeviceCache.Pin {

  private final GpuCache cache;
  private final CachedValue value;
  private final AtomicBoolean ended = new AtomicBoolean();

  ValuePin(GpuCache cache, CachedValue value) {
    this.cache = cache;
    this.value = value;
  }

  @Override
  public long devicePointer() {
    return value.address;
  }

  @Override
  public long byteSize() {
    return value.byteSize;
  }

  @Override
  public void close() {
    if (ended.compareAndSet(false, true)) {
      cache.unpin(value);
    }
  }

  @Override
  public String toString() {
    return "pin of '" + value.key + "', " + value.byteSize + " bytes";
  }
}
