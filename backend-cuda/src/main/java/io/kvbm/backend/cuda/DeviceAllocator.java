package io.kvbm.backend.cuda;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.backend.cuda.DeviceStorage.Reservation;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/** Allocates {@link DeviceStorage} on one GPU. Threading: safe from any thread. */
public final class DeviceAllocator implements StorageAllocator {

  private final int device;
  private final long budget;
  private final BooleanSupplier closed;
  private final AtomicLong used = new AtomicLong();

  /** Creates an allocator on GPU 0, bound by what it has. */
  public DeviceAllocator() {
    this(0);
  }

  /**
   * Creates an allocator bound by what the GPU has.
   *
   * @param device which GPU, from 0
   */
  public DeviceAllocator(int device) {
    this(device, Long.MAX_VALUE, () -> false);
  }

  DeviceAllocator(int device, long budget, BooleanSupplier closed) {
    this.device = device;
    this.budget = budget;
    this.closed = closed;
  }

  @Override
  public String storageKind() {
    return "device";
  }

  @Override
  public Storage allocate(AllocationRequest request) {
    if (closed.getAsBoolean()) {
      throw new ClosedException(ErrorCode.CLOSED, "the cuda backend is closed; open it again");
    }
    long byteSize = request.byteSize();
    takeFromBudget(byteSize);
    try {
      return new DeviceStorage(Reservation.on(device, request, () -> used.addAndGet(-byteSize)));
    } catch (RuntimeException e) {
      used.addAndGet(-byteSize);
      throw e;
    }
  }

  private void takeFromBudget(long byteSize) {
    long before;
    do {
      before = used.get();
      if (byteSize > budget - before) {
        throw new CapacityException(
            ErrorCode.ALLOCATION_FAILED,
            "the cuda backend has %d of its budget of %d bytes left, %d asked for; raise 'budget'"
                    .formatted(budget - before, budget, byteSize)
                + " or ask for fewer",
            byteSize,
            budget - before);
      }
    } while (!used.compareAndSet(before, before + byteSize));
  }
}
