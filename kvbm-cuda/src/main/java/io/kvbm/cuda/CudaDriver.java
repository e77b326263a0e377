package io.kvbm.cuda;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/** The CUDA driver of this machine. One for the process. Threading: safe from any thread. */
public final class CudaDriver {

  /** CUDA 11.2: older drivers were never tried. */
  private static final int LEAST_VERSION = 11_020;

  private static @Nullable CudaDriver loaded;

  private final int version;
  private final int deviceCount;

  private CudaDriver() {
    NativeBinding.load();
    require("cuInit", JCudaDriver.cuInit(0));
    int[] value = new int[1];
    require("cuDriverGetVersion", JCudaDriver.cuDriverGetVersion(value));
    version = value[0];
    if (version < LEAST_VERSION) {
      throw NativeBinding.unavailable(
          "the NVIDIA driver knows CUDA %s and 11.2 is needed: install a newer one"
              .formatted(versionText()));
    }
    require("cuDeviceGetCount", JCudaDriver.cuDeviceGetCount(value));
    deviceCount = value[0];
    if (deviceCount == 0) {
      throw NativeBinding.unavailable("the NVIDIA driver finds no GPU");
    }
  }

  private static void require(String call, int result) {
    if (result != CudaResults.SUCCESS) {
      throw NativeBinding.unavailable(
          "the NVIDIA driver does not start: %s says %s".formatted(call, CudaResults.name(result)));
    }
  }

  /**
   * {@return the driver, loaded at the first call}
   *
   * @throws ConfigurationException with {@link ErrorCode#BACKEND_UNAVAILABLE} if there is none or
   *     it does not start, saying why
   */
  public static synchronized CudaDriver load() {
    if (loaded == null) {
      loaded = new CudaDriver();
    }
    return loaded;
  }

  /** {@return the CUDA version the driver knows, as text, like 12.6} */
  public String versionText() {
    return version / 1000 + "." + version % 1000 / 10;
  }

  /** {@return how many devices there are} */
  public int deviceCount() {
    return deviceCount;
  }

  /**
   * Opens a device with its primary context, which engines in the same process share.
   *
   * @param ordinal which one, from 0
   * @return the device; the caller closes it
   * @throws CallerException if there is no such device
   * @throws CudaException if the driver cannot
   */
  public CudaDevice open(int ordinal) {
    if (ordinal < 0 || ordinal >= deviceCount) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "there is no CUDA device %d; there are %d, from 0".formatted(ordinal, deviceCount));
    }
    return new CudaDevice(ordinal);
  }
}
