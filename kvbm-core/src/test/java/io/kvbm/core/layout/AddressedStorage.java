package io.kvbm.core.layout;

import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.StorageType;

/**
 * Storage of any size at any address without bytes behind it, for layouts too large to allocate.
 */
final class AddressedStorage extends AbstractStorage {

  AddressedStorage(StorageType type, long address, long byteSize) {
    super(type, address, byteSize);
  }

  static AddressedStorage ofFile(long byteSize) {
    return new AddressedStorage(StorageType.disk(7), 0, byteSize);
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
  protected void fill(byte value, long offset, long length) {}

  @Override
  protected void free() {}
}
