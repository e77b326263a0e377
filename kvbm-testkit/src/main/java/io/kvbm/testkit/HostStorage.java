package io.kvbm.testkit;

import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.StorageType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Host memory of type {@code system} that depends on no backend: the other end of a transfer where
 * the backend under test has no host memory itself. Aligned to a page; whoever makes it closes it.
 */
public final class HostStorage extends AbstractStorage {

  private final Arena arena;
  private final MemorySegment segment;

  /**
   * Allocates zeroed memory.
   *
   * @param byteSize the length in bytes, above zero
   */
  public HostStorage(long byteSize) {
    Arena owner = Arena.ofShared();
    MemorySegment bytes =
        owner.allocate(Math.max(1, byteSize), AllocationRequest.DEFAULT_ALIGNMENT);
    super(StorageType.SYSTEM, bytes.address(), byteSize);
    this.arena = owner;
    this.segment = bytes;
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
