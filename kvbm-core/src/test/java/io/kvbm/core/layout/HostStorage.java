package io.kvbm.core.layout;

import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.StorageType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Off-heap memory whose first byte is a chosen distance behind a 4 KiB boundary. */
final class HostStorage extends AbstractStorage {

  private final Arena arena;
  private final MemorySegment bytes;

  private HostStorage(Arena arena, MemorySegment bytes) {
    super(StorageType.SYSTEM, bytes.address(), bytes.byteSize());
    this.arena = arena;
    this.bytes = bytes;
  }

  static HostStorage of(long byteSize) {
    return misaligned(byteSize, 0);
  }

  static HostStorage misaligned(long byteSize, long by) {
    Arena arena = Arena.ofShared();
    return new HostStorage(arena, arena.allocate(byteSize + by, 4096).asSlice(by, byteSize));
  }

  @Override
  public boolean isHostAccessible() {
    return true;
  }

  @Override
  protected Region openRegion() {
    return new Region.HostRegion(bytes);
  }

  @Override
  protected void fill(byte value, long offset, long length) {
    bytes.asSlice(offset, length).fill(value);
  }

  @Override
  protected void free() {
    arena.close();
  }
}
