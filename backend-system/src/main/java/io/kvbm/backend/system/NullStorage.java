package io.kvbm.backend.system;

import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.StorageType;

/**
 * Storage without bytes: writes are dropped, reads give zeros. For tests and for measuring what
 * everything but the bytes costs. Threading: safe from any thread.
 */
public final class NullStorage extends AbstractStorage {

  /**
   * Creates a storage that takes no memory.
   *
   * @param byteSize the length it claims in bytes, above zero
   */
  public NullStorage(long byteSize) {
    super(StorageType.NULL, 0, byteSize);
  }

  @Override
  public boolean isHostAccessible() {
    return false;
  }

  @Override
  protected Region openRegion() {
    return new Region.NullRegion(byteSize());
  }

  @Override
  protected void fill(byte value, long offset, long length) {
    // There is nothing to set; the bounds were checked.
  }

  @Override
  protected void free() {
    // There is nothing to free.
  }
}
