package io.kvbm.api.spi;

import io.kvbm.api.CapacityException;
import io.kvbm.api.Stability;

/**
 * How much host memory a backend may take beyond what its callers allocate. Threading: safe from
 * any thread.
 */
@Stability(Stability.Level.STABLE)
public interface MemoryBudget {

  /** Without a limit. */
  MemoryBudget UNLIMITED = byteSize -> () -> {};

  /**
   * Takes a part of the budget.
   *
   * @param byteSize how much
   * @return closing it gives the part back
   * @throws CapacityException if there is not enough left; nothing was taken
   */
  Reservation reserve(long byteSize);

  /** A part of the budget in use. */
  interface Reservation extends AutoCloseable {
    @Override
    void close();
  }
}
