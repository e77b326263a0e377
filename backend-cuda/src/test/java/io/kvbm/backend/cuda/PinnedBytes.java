package io.kvbm.backend.cuda;

import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.StorageType;
import io.kvbm.cuda.CudaDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Host memory that calls itself page-locked, and is where a device registers it. */
final class PinnedBytes extends AbstractStorage {

  private final Arena arena;
  private final MemorySegment segment;
  private final @Nullable CudaDevice registrar;

  /**
   * @param registrar registers it with the driver; null for memory that could not be registered
   */
  PinnedBytes(long byteSize, @Nullable CudaDevice registrar) {
    Arena owner = Arena.ofShared();
    MemorySegment bytes = owner.allocate(byteSize, 4096);
    super(StorageType.PINNED, bytes.address(), byteSize);
    this.arena = owner;
    this.segment = bytes;
    this.registrar = registrar;
    if (registrar != null) {
      registrar.registerHost(address(), byteSize);
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
    if (registrar != null) {
      registrar.unregisterHost(address());
    }
    arena.close();
  }
}
