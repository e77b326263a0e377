package io.kvbm.backend.cuda;

import io.kvbm.api.CapacityException;
import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.StorageType;
import io.kvbm.cuda.SlabPool.Memory;

/**
 * Memory of one GPU, zeroed, freed when closed. Its address is a device pointer, which other users
 * of the device's primary context may use as well.
 *
 * <p>Ownership: whoever makes it closes it. Threading: safe from any thread; access to the same
 * bytes is the caller's to order.
 */
public final class DeviceStorage extends AbstractStorage {

  private final SharedDevice device;
  private final Memory memory;
  private final Runnable afterFree;

  /**
   * Reserves memory aligned to 4096 bytes, outside any backend's budget.
   *
   * @param byteSize the length in bytes, above zero
   * @param device which GPU, from 0
   * @throws CapacityException if the GPU does not have so much
   */
  public DeviceStorage(long byteSize, int device) {
    this(Reservation.on(device, AllocationRequest.of(byteSize), () -> {}));
  }

  DeviceStorage(Reservation reservation) {
    super(
        StorageType.device(reservation.device().device().ordinal()),
        reservation.memory().address(),
        reservation.memory().byteSize());
    this.device = reservation.device();
    this.memory = reservation.memory();
    this.afterFree = reservation.afterFree();
  }

  /**
   * Memory for a storage to come.
   *
   * @param device joined for the storage
   * @param memory of the device
   * @param afterFree what else is to be done when it is freed
   */
  record Reservation(SharedDevice device, Memory memory, Runnable afterFree) {

    static Reservation on(int ordinal, AllocationRequest request, Runnable afterFree) {
      SharedDevice device = SharedDevice.join(ordinal);
      try {
        Memory memory = device.allocate(request.byteSize(), request.alignment());
        return new Reservation(device, memory, afterFree);
      } catch (RuntimeException e) {
        device.leave();
        throw e;
      }
    }
  }

  @Override
  public boolean isHostAccessible() {
    return false;
  }

  @Override
  protected Region openRegion() {
    return new Region.DeviceRegion(device.device().ordinal(), address(), byteSize());
  }

  @Override
  protected void fill(byte value, long offset, long length) {
    device.fill(address() + offset, value, length);
  }

  @Override
  protected void free() {
    try {
      device.free(memory);
    } finally {
      device.leave();
      afterFree.run();
    }
  }
}
