package io.kvbm.core.onboard;

import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.StorageType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Host memory that says it is of some other kind, so that each tier has a route of its own. */
final class KindStorage extends AbstractStorage {

  private final Arena arena = Arena.ofShared();
  private final MemorySegment segment;

  KindStorage(String kind, long byteSize) {
    super(StorageType.of(kind), 0, byteSize);
    segment = arena.allocate(byteSize, 64);
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
    arena.close();
  }
}
