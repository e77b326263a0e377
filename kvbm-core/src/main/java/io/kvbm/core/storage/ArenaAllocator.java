package io.kvbm.core.storage;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import java.util.OptionalLong;

/**
 * Carves one large storage into smaller ones of whole pages: pinning, registering or creating
 * memory once costs less than doing so for each part. Closing a part makes its pages free again,
 * and free neighbours are one run.
 *
 * <p>The storage stays its owner's; closed, it is freed after the last part. Threading: safe from
 * any thread.
 */
public final class ArenaAllocator implements StorageAllocator {

  private final Storage whole;
  private final long pageByteSize;
  private final FreePages free;
  private long usedPages;

  /**
   * Creates an allocator.
   *
   * @param whole what to carve up; what is left behind its last whole page is not used. Its bytes
   *     are zero.
   * @param pageByteSize bytes in a page, a power of two not above the size of the storage
   * @throws ConfigurationException with {@link ErrorCode#INVALID_CONFIG} if the page size is none
   */
  public ArenaAllocator(Storage whole, long pageByteSize) {
    if (pageByteSize <= 0 || Long.bitCount(pageByteSize) != 1) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "arena page size must be a power of two bytes, got " + pageByteSize);
    }
    if (pageByteSize > whole.byteSize()) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "an arena page of %d bytes is larger than the %s storage of %d bytes"
              .formatted(pageByteSize, whole.type(), whole.byteSize()));
    }
    this.whole = whole;
    this.pageByteSize = pageByteSize;
    this.free = new FreePages(whole.byteSize() / pageByteSize);
  }

  @Override
  public String storageKind() {
    return whole.type().kind();
  }

  /** {@return bytes in a page} */
  public long pageByteSize() {
    return pageByteSize;
  }

  /** {@return bytes in free pages, not necessarily next to each other} */
  public synchronized long freeByteSize() {
    return free.count() * pageByteSize;
  }

  /**
   * Carves out a part.
   *
   * @param request the size, rounded up to pages for the arena but not for the part; and the
   *     alignment of its address
   * @return the part, all zero; closing it gives its pages back
   * @throws CapacityException with {@link ErrorCode#ALLOCATION_FAILED} if no run of free pages is
   *     long enough
   * @throws ClosedException if the storage is closed
   */
  @Override
  public SubStorage allocate(AllocationRequest request) {
    long pages = Math.ceilDiv(request.byteSize(), pageByteSize);
    long first;
    boolean used;
    synchronized (this) {
      first = take(request, pages).orElseThrow(() -> full(request));
      used = first < usedPages;
      usedPages = Math.max(usedPages, first + pages);
    }
    try {
      SubStorage part =
          SubStorage.open(
              whole, first * pageByteSize, request.byteSize(), () -> giveBack(first, pages));
      if (used) {
        part.memset(0, 0, request.byteSize());
      }
      return part;
    } catch (RuntimeException e) {
      giveBack(first, pages);
      throw e;
    }
  }

  @Override
  public SubStorage allocate(long byteSize) {
    return allocate(AllocationRequest.of(byteSize));
  }

  /** Alignments up to a page come with the page where the storage itself begins on one. */
  private OptionalLong take(AllocationRequest request, long pages) {
    long address = whole.address();
    if (address == 0 || request.alignment() == 1) {
      return free.tryTake(pages, 1, 0);
    }
    if (address % Math.min(pageByteSize, request.alignment()) != 0) {
      return OptionalLong.empty();
    }
    if (request.alignment() <= pageByteSize) {
      return free.tryTake(pages, 1, 0);
    }
    return free.tryTake(pages, request.alignment() / pageByteSize, address / pageByteSize);
  }

  private synchronized void giveBack(long first, long pages) {
    free.giveBack(first, pages);
  }

  private CapacityException full(AllocationRequest request) {
    long longest = free.longestRun() * pageByteSize;
    return new CapacityException(
        ErrorCode.ALLOCATION_FAILED,
        "no %d bytes aligned to %d in the arena: the longest free run has %d, %d are free in all; "
                .formatted(
                    request.byteSize(), request.alignment(), longest, free.count() * pageByteSize)
            + "close parts or make the arena larger",
        request.byteSize(),
        Math.min(longest, request.byteSize() - 1));
  }
}
