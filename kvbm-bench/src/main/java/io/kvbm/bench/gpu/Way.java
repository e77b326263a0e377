package io.kvbm.bench.gpu;

/** Which way bytes go. */
enum Way {
  /** From host memory to the device. */
  H2D("cuMemcpyHtoDAsync"),
  /** From the device to host memory. */
  D2H("cuMemcpyDtoHAsync"),
  /** Within the device. */
  D2D("cuMemcpyDtoDAsync");

  private final String call;

  Way(String call) {
    this.call = call;
  }

  /** {@return the call of the driver that copies so} */
  String call() {
    return call;
  }
}
