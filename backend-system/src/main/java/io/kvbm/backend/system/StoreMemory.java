package io.kvbm.backend.system;

import io.kvbm.api.CapacityException;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.storage.AllocationRequest;

/**
 * Memory that the backend's stores take for themselves: within the backend's budget and the
 * platform's as well.
 */
final class StoreMemory {

  private final HostMemory memory;
  private final MemoryBudget budget;

  StoreMemory(HostMemory memory, MemoryBudget budget) {
    this.memory = memory;
    this.budget = budget;
  }

  /**
   * {@return zeroed memory; the caller frees it}
   *
   * @throws CapacityException if there is not so much; nothing was reserved
   */
  HostBlock reserve(long byteSize, long alignment) {
    MemoryBudget.Reservation reservation = budget.reserve(byteSize);
    try {
      return memory.reserve(new AllocationRequest(byteSize, alignment)).andThen(reservation::close);
    } catch (CapacityException e) {
      reservation.close();
      throw e;
    }
  }
}
