package io.kvbm.core.transfer;

import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.StorageType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory of a third party's kind, which the CPU is not supposed to reach. */
final class FarStorage extends AbstractStorage {

  static final StorageType CXL = StorageType.of("cxl");

  private final Arena arena;
  private final MemorySegment segment;
  private volatile boolean freed;

  FarStorage(long byteSize) {
    this(CXL, byteSize);
  }

  FarStorage(StorageType type, long byteSize) {
    super(type, 0, byteSize);
    arena = Arena.ofShared();
    segment = arena.allocate(byteSize, 64);
  }

  boolean isFreed() {
    return freed;
  }

  @Override
  public boolean isHostAccessible() {
    return false;
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
    freed = true;
    arena.close();
  }
}
