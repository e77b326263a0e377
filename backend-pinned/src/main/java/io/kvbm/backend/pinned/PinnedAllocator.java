package io.kvbm.backend.pinned;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import java.util.function.BooleanSupplier;

/** Allocates {@link PinnedStorage}. Threading: safe from any thread. */
public final class PinnedAllocator implements StorageAllocator {

  /** What is allocated without a backend. */
  static final PinnedMemory SHARED = new PinnedMemory(PinnedOptions.DEFAULT);

  private final PinnedMemory memory;
  private final BooleanSupplier closed;

  /** Creates an allocator without a budget, bound by what the machine has and lets be locked. */
  public PinnedAllocator() {
    this(SHARED, () -> false);
  }

  PinnedAllocator(PinnedMemory memory, BooleanSupplier closed) {
    this.memory = memory;
    this.closed = closed;
  }

  @Override
  public String storageKind() {
    return "pinned";
  }

  @Override
  public Storage allocate(AllocationRequest request) {
    if (closed.getAsBoolean()) {
      throw new ClosedException(ErrorCode.CLOSED, "the pinned backend is closed; open it again");
    }
    return new PinnedStorage(memory, request);
  }
}
