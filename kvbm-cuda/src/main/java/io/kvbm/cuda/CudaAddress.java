package io.kvbm.cuda;

import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;

/** Addresses as numbers, and as what JCuda wants of them. */
final class CudaAddress {

  private CudaAddress() {}

  /** {@return device memory at an address} */
  static CUdeviceptr device(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  /** {@return host memory at an address} */
  static Pointer host(long address) {
    return new Host(address);
  }

  /** Where the driver writes the address of device memory. */
  static final class DeviceResult extends CUdeviceptr {

    long address() {
      return getNativePointer();
    }
  }

  private static final class Host extends Pointer {

    private Host(long address) {
      super(address);
    }
  }

  /** Where the driver writes the address of host memory. */
  static final class HostResult extends Pointer {

    long address() {
      return getNativePointer();
    }
  }
}
