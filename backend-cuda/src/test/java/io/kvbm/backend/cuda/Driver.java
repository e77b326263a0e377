package io.kvbm.backend.cuda;

import io.kvbm.testkit.RequiredTools;
import io.kvbm.testkit.cuda.CudaSimulator;
import java.util.Optional;

/**
 * The driver under test: the simulator, or with {@code CUDA_UNDER_TEST=real} that of the machine.
 */
final class Driver {

  private Driver() {}

  /** {@return the simulator, reset; empty where the driver of the machine is tested} */
  static Optional<CudaSimulator> prepare() {
    if ("real".equals(System.getenv("CUDA_UNDER_TEST"))) {
      return Optional.empty();
    }
    RequiredTools.assumeOrFail(
        "gcc", CudaSimulator.missing().isEmpty(), CudaSimulator.missing().orElse("gcc is there"));
    CudaSimulator simulator = CudaSimulator.load();
    simulator.reset(2, 256L << 20);
    return Optional.of(simulator);
  }
}
