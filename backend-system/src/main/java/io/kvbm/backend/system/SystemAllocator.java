package io.kvbm.backend.system;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.storage.StorageType;
import java.util.function.BooleanSupplier;

/** Allocates {@link SystemStorage}. Threading: safe from any thread. */
public final class SystemAllocator implements StorageAllocator {

  private final HostMemory memory;
  private final BooleanSupplier closed;

  /** Creates an allocator without a budget, bound by what the machine has. */
  public SystemAllocator() {
    this(HostMemory.UNLIMITED, () -> false);
  }

  SystemAllocator(HostMemory memory, BooleanSupplier closed) {
    this.memory = memory;
    this.closed = closed;
  }

  @Override
  public String storageKind() {
    return StorageType.SYSTEM.kind();
  }

  @Override
  public Storage allocate(AllocationRequest request) {
    if (closed.getAsBoolean()) {
      throw new ClosedException(ErrorCode.CLOSED, "the system backend is closed; open it again");
    }
    return new SystemStorage(memory.reserve(request));
  }
}
