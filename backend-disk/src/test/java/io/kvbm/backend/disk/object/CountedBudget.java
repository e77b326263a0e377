package io.kvbm.backend.disk.object;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.MemoryBudget;
import java.util.concurrent.atomic.AtomicLong;

/** A budget that tells how much of it is taken. */
final class CountedBudget implements MemoryBudget {
  private final long limit;
  private final AtomicLong taken = new AtomicLong();

  CountedBudget(long limit) {
    this.limit = limit;
  }

  long taken() {
    return taken.get();
  }

  @Override
  public Reservation reserve(long byteSize) {
    if (taken.addAndGet(byteSize) > limit) {
      taken.addAndGet(-byteSize);
      throw new CapacityException(ErrorCode.ALLOCATION_FAILED, "none left", byteSize, 0);
    }
    return () -> taken.addAndGet(-byteSize);
  }
}
