package org.example.zstdmemory;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.MemoryBudget;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/** Off-heap memory within the backend's capacity and the platform's budget. */
final class CompressedBytes {

  private final long capacity;
  private final MemoryBudget budget;
  private final AtomicLong used = new AtomicLong();

  CompressedBytes(long capacity, MemoryBudget budget) {
    this.capacity = capacity;
    this.budget = budget;
  }

  /** Memory of one block; its owner frees it once. */
  record Piece(Arena arena, MemorySegment segment, Runnable afterwards) {
    void free() {
      arena.close();
      afterwards.run();
    }
  }

  /**
   * {@return memory of exactly this length; the caller frees it}
   *
   * @throws CapacityException if there is not so much; nothing was taken
   */
  Piece allocate(long byteSize) {
    long before = used.getAndAdd(byteSize);
    MemoryBudget.Reservation reservation = null;
    Arena arena = null;
    try {
      if (byteSize > capacity - before) {
        throw full(byteSize, Math.max(0, capacity - before));
      }
      reservation = budget.reserve(byteSize);
      arena = Arena.ofShared();
      MemorySegment segment = arena.allocate(Math.max(1, byteSize), 64).asSlice(0, byteSize);
      MemoryBudget.Reservation held = reservation;
      return new Piece(
          arena,
          segment,
          () -> {
            held.close();
            used.addAndGet(-byteSize);
          });
    } catch (CapacityException | OutOfMemoryError e) {
      if (arena != null) {
        arena.close();
      }
      if (reservation != null) {
        reservation.close();
      }
      used.addAndGet(-byteSize);
      throw e instanceof CapacityException known ? known : full(byteSize, 0);
    }
  }

  private static CapacityException full(long requested, long available) {
    return new CapacityException(
        ErrorCode.ALLOCATION_FAILED,
        "zstd-memory is full: a block of %d compressed bytes, %d are left; evict or raise capacity"
            .formatted(requested, available),
        requested,
        available);
  }
}
