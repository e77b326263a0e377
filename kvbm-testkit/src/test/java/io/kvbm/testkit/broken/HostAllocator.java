package io.kvbm.testkit.broken;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.storage.StorageType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Allocates host memory soundly. */
class HostAllocator implements StorageAllocator {

  private static final long LIMIT = 1 << 30;

  private final ReferenceState state;

  HostAllocator(ReferenceState state) {
    this.state = state;
  }

  @Override
  public String storageKind() {
    return "system";
  }

  @Override
  public Storage allocate(AllocationRequest request) {
    requireOpen();
    if (request.byteSize() > LIMIT) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          request.byteSize() + " bytes requested, " + LIMIT + " available",
          request.byteSize(),
          LIMIT);
    }
    Arena arena = Arena.ofShared();
    return new FixtureStorage(memory(arena, request), () -> free(arena));
  }

  void requireOpen() {
    state.requireOpen();
  }

  /** {@return the bytes of a new storage} */
  MemorySegment memory(Arena arena, AllocationRequest request) {
    return arena.allocate(request.byteSize(), request.alignment());
  }

  void free(Arena arena) {
    arena.close();
  }

  /** {@return how many bytes a fill of so many sets, where there is room for so many} */
  long fillByteSize(long length, long room) {
    return length;
  }

  /** Host memory. */
  private final class FixtureStorage extends AbstractStorage {

    private final MemorySegment segment;
    private final Runnable free;

    FixtureStorage(MemorySegment segment, Runnable free) {
      super(StorageType.SYSTEM, segment.address(), segment.byteSize());
      this.segment = segment;
      this.free = free;
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
      segment.asSlice(offset, fillByteSize(length, segment.byteSize() - offset)).fill(value);
    }

    @Override
    protected void free() {
      free.run();
    }
  }
}
