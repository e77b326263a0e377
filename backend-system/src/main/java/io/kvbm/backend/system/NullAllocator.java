package io.kvbm.backend.system;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.storage.StorageType;
import java.util.function.BooleanSupplier;

/** Allocates {@link NullStorage}, of any length. Threading: safe from any thread. */
public final class NullAllocator implements StorageAllocator {

  private final BooleanSupplier closed;

  /** Creates an allocator. */
  public NullAllocator() {
    this(() -> false);
  }

  NullAllocator(BooleanSupplier closed) {
    this.closed = closed;
  }

  @Override
  public String storageKind() {
    return StorageType.NULL.kind();
  }

  @Override
  public Storage allocate(AllocationRequest request) {
    if (closed.getAsBoolean()) {
      throw new ClosedException(ErrorCode.CLOSED, "the system backend is closed; open it again");
    }
    return new NullStorage(request.byteSize());
  }
}
