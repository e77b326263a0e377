package io.kvbm.backend.cuda;

import io.kvbm.api.CapacityException;
import io.kvbm.cuda.CudaDevice;
import io.kvbm.cuda.CudaDriver;
import io.kvbm.cuda.CudaStream;
import io.kvbm.cuda.SlabPool;
import io.kvbm.cuda.SlabPool.Memory;
import java.util.HashMap;
import java.util.Map;

/**
 * A device with what its users here share: the context, slabs of memory and the stream that sets
 * it. Backends and storages are its users; it is closed with the last. Threading: safe from any
 * thread.
 */
final class SharedDevice implements SlabPool.Source {

  /** What small storages are carved from, in bytes. */
  static final long SLAB_BYTE_SIZE = 64L << 20;

  private static final Map<Integer, SharedDevice> OPEN = new HashMap<>();

  private final CudaDevice device;
  private final CudaStream memoryStream;
  private final SlabPool slabs = new SlabPool(this, SLAB_BYTE_SIZE);
  private int users;

  private SharedDevice(CudaDevice device) {
    this.device = device;
    try {
      this.memoryStream = device.openStream("memory");
    } catch (RuntimeException e) {
      device.close();
      throw e;
    }
  }

  /** {@return a device, opened where nobody has it; {@link #leave} lets it go} */
  static SharedDevice join(int ordinal) {
    synchronized (OPEN) {
      SharedDevice shared = OPEN.get(ordinal);
      if (shared == null) {
        shared = new SharedDevice(CudaDriver.load().open(ordinal));
        OPEN.put(ordinal, shared);
      }
      shared.users++;
      return shared;
    }
  }

  /** One user less; the last one closes the device. */
  void leave() {
    synchronized (OPEN) {
      if (--users > 0) {
        return;
      }
      OPEN.remove(device.ordinal());
      // Inside, so that whoever opens the device again finds its context released.
      memoryStream.close();
      try {
        slabs.trim();
      } finally {
        device.close();
      }
    }
  }

  CudaDevice device() {
    return device;
  }

  /**
   * {@return zeroed memory; {@link #free} gives it back}
   *
   * @throws CapacityException if there is not so much; nothing was taken
   */
  Memory allocate(long byteSize, long alignment) {
    Memory memory = slabs.allocate(byteSize, alignment);
    try {
      fill(memory.address(), (byte) 0, byteSize);
      return memory;
    } catch (RuntimeException e) {
      free(memory);
      throw e;
    }
  }

  /** Sets bytes and waits for it; nothing else on the device is waited for. */
  void fill(long address, byte value, long byteSize) {
    memoryStream.fill(address, value, byteSize);
    memoryStream.await();
  }

  void free(Memory memory) {
    slabs.free(memory);
  }

  @Override
  public long take(long byteSize) {
    return device.allocate(byteSize);
  }

  @Override
  public void giveBack(long address, long byteSize) {
    device.free(address);
  }
}
