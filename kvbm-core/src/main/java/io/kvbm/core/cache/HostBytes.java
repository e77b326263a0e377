package io.kvbm.core.cache;

import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.StorageType;
import java.lang.foreign.MemorySegment;

/** Native memory of a caller as a storage, for as long as a transfer reads it. Owns nothing. */
final class HostBytes extends AbstractStorage {

  private final MemorySegment segment;

  HostBytes(MemorySegment segment) {
    super(StorageType.SYSTEM, segment.address(), segment.byteSize());
    this.segment = segment;
  }

  @Override
  public boolean isHostAccessible() {
    return true;
  }

  @Override
  protected Region openRegion() {
    return new Region.HostRegion(segment);
  }

  @Override
  protected void fill(byte value, long offset, long length) {
    segment.asSlice(offset, length).fill(value);
  }

  @Override
  protected void free() {
    // The memory is the caller's.
  }
}
