package io.kvbm.api.storage;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.lang.foreign.MemorySegment;

/**
 * A run of bytes of one kind: host memory, device memory, a file, a peer's memory.
 *
 * <p>Ownership: whoever allocated a storage closes it. {@link #close()} is idempotent; it refuses
 * new work at once and frees after the last {@link Lease}. Threading: every method is safe from any
 * thread; concurrent access to the same bytes is the caller's to order.
 *
 * @implSpec two open storages never overlap. {@link AbstractStorage} implements closing, leases,
 *     registration and bounds.
 */
@Stability(Stability.Level.STABLE)
public interface Storage extends AutoCloseable {

  /** {@return the kind of memory and its id} */
  StorageType type();

  /** {@return the address of the first byte in its address space; 0 for files and null storage} */
  long address();

  /** {@return the length in bytes, above zero} */
  long byteSize();

  /**
   * {@return all bytes as a region for transports}
   *
   * @throws ClosedException if this storage is closed and no lease is held
   */
  Region region();

  /** {@return whether the CPU can read and write the bytes directly} */
  boolean isHostAccessible();

  /**
   * Sets bytes to one value.
   *
   * @param value 0 to 255
   * @param offset the first byte
   * @param length how many bytes; 0 does nothing
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if the range leaves the storage,
   *     with {@link ErrorCode#INVALID_ARGUMENT} if the value is outside 0–255; nothing was written
   * @throws ClosedException if this storage is closed
   */
  void memset(int value, long offset, long length);

  /**
   * {@return a read-only view of the bytes}
   *
   * @throws CallerException with {@link ErrorCode#NOT_ACCESSIBLE} if the CPU cannot reach them
   * @throws ClosedException if this storage is closed and no lease is held
   */
  default MemorySegment view() {
    return mutableView().asReadOnly();
  }

  /**
   * {@return a writable view of the bytes}
   *
   * @throws CallerException with {@link ErrorCode#NOT_ACCESSIBLE} if the CPU cannot reach them
   * @throws ClosedException if this storage is closed and no lease is held
   */
  default MemorySegment mutableView() {
    if (region() instanceof Region.HostRegion host) {
      return host.segment();
    }
    throw new CallerException(
        ErrorCode.NOT_ACCESSIBLE,
        type() + " storage cannot be viewed from the host; transfer it to system storage first");
  }

  /**
   * Keeps the bytes from being freed until the lease is closed.
   *
   * @return the lease; the caller closes it
   * @throws ClosedException if this storage is closed
   */
  Lease lease();

  /** {@return whether {@link #close()} was called} */
  boolean isClosed();

  /** Refuses new work and frees the bytes after the last lease. Later calls do nothing. */
  @Override
  void close();
}
