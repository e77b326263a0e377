package io.kvbm.cuda;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import jcuda.driver.CUresult;

/** What a {@code CUresult} means. */
final class CudaResults {

  static final int SUCCESS = CUresult.CUDA_SUCCESS;
  static final int INVALID_VALUE = CUresult.CUDA_ERROR_INVALID_VALUE;
  static final int OUT_OF_MEMORY = CUresult.CUDA_ERROR_OUT_OF_MEMORY;

  private CudaResults() {}

  static void check(String call, int result) {
    if (result != SUCCESS) {
      throw failure(call, result);
    }
  }

  /** {@return the exception for a result that is not success} */
  static KvbmException failure(String call, int result) {
    if (result == OUT_OF_MEMORY) {
      return new CapacityException(
          ErrorCode.ALLOCATION_FAILED, call + ": the CUDA driver is out of memory", 0, 0);
    }
    return new CudaException(
        ErrorCode.CUDA, "%s: %s (%d)".formatted(call, name(result), result), result);
  }

  static String name(int result) {
    return CUresult.stringFor(result);
  }

  /** Whether the context is lost: errors of work that ran on the device. */
  static boolean isSticky(int result) {
    return switch (result) {
      case CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
          CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
          CUresult.CUDA_ERROR_ASSERT,
          CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR,
          CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
          CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
          CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
          CUresult.CUDA_ERROR_INVALID_PC,
          CUresult.CUDA_ERROR_LAUNCH_FAILED,
          CUresult.CUDA_ERROR_ECC_UNCORRECTABLE,
          CUresult.CUDA_ERROR_NVLINK_UNCORRECTABLE ->
          true;
      default -> false;
    };
  }
}
