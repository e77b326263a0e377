package io.kvbm.core;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.core.config.CoreSettings;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** A fixed number of bytes. Threading: safe from any thread. */
final class LimitedMemory implements MemoryBudget {

  private final AtomicLong available;

  LimitedMemory(long byteSize) {
    available = new AtomicLong(byteSize);
  }

  @Override
  public Reservation reserve(long byteSize) {
    long before = available.get();
    while (byteSize <= before) {
      if (available.compareAndSet(before, before - byteSize)) {
        AtomicBoolean open = new AtomicBoolean(true);
        return () -> {
          if (open.compareAndSet(true, false)) {
            available.addAndGet(byteSize);
          }
        };
      }
      before = available.get();
    }
    throw new CapacityException(
        ErrorCode.ALLOCATION_FAILED,
        "a backend asks for %d bytes of host memory and %d are left; raise %s"
            .formatted(byteSize, before, CoreSettings.MEMORY_BUDGET),
        byteSize,
        before);
  }
}
