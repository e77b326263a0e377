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

/** Allocates host memory soundly; the garbage collector frees it. */
class HostAllocator implements StorageAllocator {

  private static final long LIMIT = 1 << 30;

  @Override
  public String storageKind() {
    return "system";
  }

  @Override
  public Storage allocate(AllocationRequest request) {
    if (request.byteSize() > LIMIT) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          request.byteSize() + " bytes requested, " + LIMIT + " available",
          request.byteSize(),
          LIMIT);
    }
    return new FixtureStorage(memory(request));
  }

  /** {@return the bytes of a new storage} */
  MemorySegment memory(AllocationRequest request) {
    return Arena.ofAuto().allocate(request.byteSize(), request.alignment());
  }

  /** Host memory that nobody frees by hand. */
  static final class FixtureStorage extends AbstractStorage {

    private final MemorySegment segment;

    FixtureStorage(MemorySegment segment) {
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
      // The collector frees the bytes.
    }
  }
}
