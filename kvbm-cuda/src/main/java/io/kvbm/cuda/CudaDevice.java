package io.kvbm.cuda;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicReference;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUpointer_attribute;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * One GPU with its primary context.
 *
 * <p>An error that loses the context (an illegal address in a kernel, an uncorrectable memory
 * error) disables the device: from then on every call ends with {@link ErrorCode#POISONED}, without
 * the driver being asked again.
 *
 * <p>Threading: safe from any thread, virtual ones included: the context is made current for each
 * call, and between that and the call nothing blocks. Ownership: whoever opens a device closes it,
 * after its memory was freed and its streams closed.
 */
public final class CudaDevice implements AutoCloseable {

  private final int ordinal;
  private final CUdevice device = new CUdevice();
  private final CUcontext context = new CUcontext();
  private final String name;
  private final long totalByteSize;
  private final long maxPitch;
  private final AtomicReference<@Nullable CudaException> lost = new AtomicReference<>();
  private volatile boolean closed;

  CudaDevice(int ordinal) {
    this.ordinal = ordinal;
    CudaResults.check("cuDeviceGet", JCudaDriver.cuDeviceGet(device, ordinal));
    byte[] text = new byte[256];
    CudaResults.check("cuDeviceGetName", JCudaDriver.cuDeviceGetName(text, text.length, device));
    name = text(text);
    long[] size = new long[1];
    CudaResults.check("cuDeviceTotalMem", JCudaDriver.cuDeviceTotalMem(size, device));
    totalByteSize = size[0];
    maxPitch = attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_PITCH);
    CudaResults.check(
        "cuDevicePrimaryCtxRetain", JCudaDriver.cuDevicePrimaryCtxRetain(context, device));
  }

  private static String text(byte[] bytes) {
    int length = 0;
    while (length < bytes.length && bytes[length] != 0) {
      length++;
    }
    return new String(bytes, 0, length, StandardCharsets.US_ASCII);
  }

  private int attribute(int which) {
    int[] value = new int[1];
    CudaResults.check(
        "cuDeviceGetAttribute", JCudaDriver.cuDeviceGetAttribute(value, which, device));
    return value[0];
  }

  /** {@return which device it is, from 0} */
  public int ordinal() {
    return ordinal;
  }

  /** {@return the name the driver gives it} */
  public String name() {
    return name;
  }

  /** {@return the length of its memory in bytes} */
  public long totalByteSize() {
    return totalByteSize;
  }

  /** {@return the largest pitch of a copy of rows, in bytes} */
  public long maxPitch() {
    return maxPitch;
  }

  /** {@return why the device is disabled, or null while it works} */
  public @Nullable CudaException lostBy() {
    return lost.get();
  }

  CUcontext context() {
    return context;
  }

  /** One call of the driver; gives its {@code CUresult}. */
  @FunctionalInterface
  interface Call {
    int run();
  }

  /**
   * Makes a call with the context current.
   *
   * @throws KvbmException if it fails
   */
  void call(String name, Call call) {
    int result = resultOf(call);
    if (result != CudaResults.SUCCESS) {
      throw failed(name, result);
    }
  }

  /**
   * Makes a call that gives something back. On a device that is disabled, or is with this call, it
   * went with the context.
   *
   * @throws KvbmException if it fails on a device that works
   */
  void giveBack(String name, Call call) {
    try {
      call(name, call);
    } catch (KvbmException e) {
      if (lost.get() == null) {
        throw e;
      }
    }
  }

  /** {@return the result of a call made with the context current} */
  int resultOf(Call call) {
    requireWorking();
    int pushed = JCudaDriver.cuCtxPushCurrent(context);
    if (pushed != CudaResults.SUCCESS) {
      throw failed("cuCtxPushCurrent", pushed);
    }
    try {
      return call.run();
    } finally {
      JCudaDriver.cuCtxPopCurrent(new CUcontext());
    }
  }

  /** Notes a failed call; {@return what to throw for it} */
  KvbmException failed(String name, int result) {
    KvbmException failure = CudaResults.failure(name, result);
    if (failure instanceof CudaException cuda && cuda.isSticky()) {
      lost.compareAndSet(null, cuda);
    }
    return failure;
  }

  /**
   * Checks that the device can be used.
   *
   * @throws KvbmException if it is closed, or disabled since its context was lost
   */
  public void requireWorking() {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, "CUDA device " + ordinal + " is closed");
    }
    CudaException cause = lost.get();
    if (cause != null) {
      throw new CudaException(
          ErrorCode.POISONED,
          "CUDA device %d is disabled since its context was lost (%s); restart the process"
              .formatted(ordinal, cause.getMessage()),
          cause.nativeCode());
    }
  }

  /** {@return bytes of device memory that nobody has} */
  public long freeByteSize() {
    long[] free = new long[1];
    long[] total = new long[1];
    call("cuMemGetInfo", () -> JCudaDriver.cuMemGetInfo(free, total));
    return free[0];
  }

  /**
   * Takes device memory; its contents are undefined.
   *
   * @param byteSize the length in bytes, above zero
   * @return the address, aligned to at least 256 bytes; {@link #free} gives it back
   * @throws CapacityException if the device does not have so much; nothing was taken
   */
  public long allocate(long byteSize) {
    CudaAddress.DeviceResult address = new CudaAddress.DeviceResult();
    int result = resultOf(() -> JCudaDriver.cuMemAlloc(address, byteSize));
    if (result == CudaResults.OUT_OF_MEMORY) {
      long available = freeByteSize();
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "CUDA device %d has %d of %d bytes free, %d asked for; free some or ask for fewer"
              .formatted(ordinal, available, totalByteSize, byteSize),
          byteSize,
          available);
    }
    if (result != CudaResults.SUCCESS) {
      throw failed("cuMemAlloc of " + byteSize + " bytes", result);
    }
    return address.address();
  }

  /**
   * Gives device memory back. On a disabled device it went with the context.
   *
   * @param address as {@link #allocate} gave it
   */
  public void free(long address) {
    giveBack("cuMemFree", () -> JCudaDriver.cuMemFree(CudaAddress.device(address)));
  }

  /**
   * Takes page-locked host memory that every device reaches; its contents are undefined.
   *
   * @param byteSize the length in bytes, above zero and below 2 GiB: JCuda makes a buffer of it
   * @param isWriteCombined whether the CPU writes it past its caches: quicker for the device to
   *     read, slow for the CPU to read
   * @return the address, which is that of the devices, too; {@link #freeHost} gives it back
   * @throws CapacityException if there is not so much
   */
  public long allocateHost(long byteSize, boolean isWriteCombined) {
    if (byteSize > Integer.MAX_VALUE) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "the CUDA driver is asked for at most %d bytes of page-locked memory at once, not %d; ask for"
                  .formatted(Integer.MAX_VALUE, byteSize)
              + " several times, or leave 'writeCombined' off",
          byteSize,
          Integer.MAX_VALUE);
    }
    CudaAddress.HostResult address = new CudaAddress.HostResult();
    int flags =
        JCudaDriver.CU_MEMHOSTALLOC_PORTABLE
            | (isWriteCombined ? JCudaDriver.CU_MEMHOSTALLOC_WRITECOMBINED : 0);
    call(
        "cuMemHostAlloc of " + byteSize + " bytes",
        () -> JCudaDriver.cuMemHostAlloc(address, byteSize, flags));
    return address.address();
  }

  /**
   * Gives page-locked host memory back.
   *
   * @param address as {@link #allocateHost} gave it
   */
  public void freeHost(long address) {
    giveBack("cuMemFreeHost", () -> JCudaDriver.cuMemFreeHost(CudaAddress.host(address)));
  }

  /**
   * Page-locks memory of the process, so that every device reaches it.
   *
   * @param address the first byte, aligned to a page
   * @param byteSize the length in bytes
   * @throws CapacityException if so much cannot be locked
   */
  public void registerHost(long address, long byteSize) {
    call(
        "cuMemHostRegister of " + byteSize + " bytes",
        () ->
            JCudaDriver.cuMemHostRegister(
                CudaAddress.host(address), byteSize, JCudaDriver.CU_MEMHOSTREGISTER_PORTABLE));
  }

  /**
   * Undoes {@link #registerHost}.
   *
   * @param address the first byte
   */
  public void unregisterHost(long address) {
    giveBack(
        "cuMemHostUnregister", () -> JCudaDriver.cuMemHostUnregister(CudaAddress.host(address)));
  }

  /**
   * {@return whether kernels on this device may use memory of the host: it is page-locked by the
   * driver, and has the same address for both}
   *
   * @param address of the host
   */
  public boolean reachesHost(long address) {
    long[] pointer = new long[1];
    int result =
        resultOf(
            () ->
                JCudaDriver.cuPointerGetAttribute(
                    Pointer.to(pointer),
                    CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_POINTER,
                    CudaAddress.device(address)));
    if (result != CudaResults.SUCCESS && result != CudaResults.INVALID_VALUE) {
      throw failed("cuPointerGetAttribute", result);
    }
    return result == CudaResults.SUCCESS && pointer[0] == address;
  }

  /**
   * Opens a queue of work on this device.
   *
   * @param use what it is for, in the name of its thread
   * @return the stream; the caller closes it
   */
  public CudaStream openStream(String use) {
    return new CudaStream(this, use);
  }

  /**
   * Lets go of the primary context. Later calls do nothing.
   *
   * @throws KvbmException if the driver refuses, on a device that works
   */
  @Override
  public void close() {
    synchronized (device) {
      if (closed) {
        return;
      }
      closed = true;
    }
    int result = JCudaDriver.cuDevicePrimaryCtxRelease(device);
    if (lost.get() == null) {
      CudaResults.check("cuDevicePrimaryCtxRelease", result);
    }
  }

  @Override
  public String toString() {
    return "CUDA device " + ordinal + " (" + name + ")";
  }
}
