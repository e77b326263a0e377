package io.kvbm.backend.pinned;

import io.kvbm.api.CapacityException;
import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.StorageType;
import io.kvbm.cuda.SlabPool.Memory;
import java.lang.foreign.MemorySegment;

/**
 * Page-locked host memory, zeroed, freed when closed.
 *
 * <p>Ownership: whoever makes it closes it; its segments must not be used afterwards. Threading:
 * safe from any thread; access to the same bytes is the caller's to order.
 */
public final class PinnedStorage extends AbstractStorage {

  private final PinnedMemory pinned;
  private final Memory memory;
  private final MemorySegment segment;

  /**
   * Reserves memory aligned to a page, outside any backend's budget.
   *
   * @param byteSize the length in bytes, above zero
   * @throws CapacityException if the machine does not have so much
   */
  public PinnedStorage(long byteSize) {
    this(PinnedAllocator.SHARED, AllocationRequest.of(byteSize));
  }

  PinnedStorage(PinnedMemory pinned, AllocationRequest request) {
    this(pinned, reserve(pinned, request));
  }

  private PinnedStorage(PinnedMemory pinned, Memory memory) {
    super(StorageType.PINNED, memory.address(), memory.byteSize());
    this.pinned = pinned;
    this.memory = memory;
    this.segment = PinnedMemory.segment(memory);
  }

  /** Joins for the storage to come. */
  private static Memory reserve(PinnedMemory pinned, AllocationRequest request) {
    pinned.join();
    try {
      return pinned.allocate(request.byteSize(), request.alignment());
    } catch (RuntimeException e) {
      pinned.leave();
      throw e;
    }
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
    try {
      pinned.free(memory);
    } finally {
      pinned.leave();
    }
  }
}
