package io.kvbm.backend.system;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.StorageType;

/**
 * Host memory off the Java heap, zeroed, freed when closed.
 *
 * <p>Ownership: whoever makes it closes it. Threading: safe from any thread; access to the same
 * bytes is the caller's to order.
 */
public final class SystemStorage extends AbstractStorage {

  private final HostBlock block;

  /**
   * Reserves memory aligned to a page, outside any backend's budget.
   *
   * @param byteSize the length in bytes, above zero
   * @throws CapacityException if the machine does not have so much
   */
  public SystemStorage(long byteSize) {
    this(HostMemory.UNLIMITED.reserve(AllocationRequest.of(byteSize)));
  }

  SystemStorage(HostBlock block) {
    super(StorageType.SYSTEM, block.segment().address(), block.segment().byteSize());
    this.block = block;
  }

  @Override
  public boolean isHostAccessible() {
    return true;
  }

  @Override
  protected Region openRegion() {
    return new Region.HostRegion(block.segment());
  }

  @Override
  protected void fill(byte value, long offset, long length) {
    block.segment().asSlice(offset, length).fill(value);
  }

  @Override
  protected void free() {
    try {
      block.free();
    } catch (IllegalStateException e) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          this
              + " was closed while a channel or native call used it; hold a lease during such"
              + " calls",
          e);
    }
  }
}
