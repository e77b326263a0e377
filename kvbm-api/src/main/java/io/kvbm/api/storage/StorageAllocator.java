package io.kvbm.api.storage;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.util.Optional;

/** Allocates storages of one kind. Threading: safe from any thread. */
@Stability(Stability.Level.STABLE)
public interface StorageAllocator {

  /** {@return the kind of what is allocated; for files the id is that of no file} */
  String storageKind();

  /**
   * Reserves bytes of this kind of memory.
   *
   * <p>Ownership: the caller owns the storage and closes it.
   *
   * @param request size and alignment, both in bytes
   * @return a new open storage of exactly {@code request.byteSize()} bytes
   * @implSpec two live storages never overlap; the contents are zero.
   * @throws CapacityException with {@link ErrorCode#ALLOCATION_FAILED} if there is not enough;
   *     nothing was reserved
   * @throws ClosedException if the backend is closed
   */
  Storage allocate(AllocationRequest request);

  /**
   * Reserves bytes with the default alignment; see {@link #allocate(AllocationRequest)}.
   *
   * @param byteSize the length in bytes, above zero
   * @return a new open storage
   */
  default Storage allocate(long byteSize) {
    return allocate(AllocationRequest.of(byteSize));
  }

  /**
   * Like {@link #allocate(AllocationRequest)}, but empty where there is not enough.
   *
   * @param request size and alignment, both in bytes
   * @return a new open storage, or empty if there is not enough memory
   */
  default Optional<Storage> tryAllocate(AllocationRequest request) {
    try {
      return Optional.of(allocate(request));
    } catch (CapacityException e) {
      return Optional.empty();
    }
  }
}
