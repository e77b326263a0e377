package io.kvbm.backend.disk;

import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.StorageType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Host memory for the other end of a route. */
final class HostStorage extends AbstractStorage {

  private final Arena arena;
  private final MemorySegment segment;

  private HostStorage(StorageType type, Arena arena, MemorySegment segment) {
    super(type, segment.address(), segment.byteSize());
    this.arena = arena;
    this.segment = segment;
  }

  static HostStorage of(StorageType type, long byteSize) {
    Arena arena = Arena.ofShared();
    return new HostStorage(type, arena, arena.allocate(byteSize, 4096));
  }

  static HostStorage of(long byteSize) {
    return of(StorageType.SYSTEM, byteSize);
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

  @Override
  public boolean isHostAccessible() {
    return true;
  }
}
