package io.kvbm.cuda;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;

/** A call of the CUDA driver failed; {@link #nativeCode()} is its {@code CUresult}. */
public final class CudaException extends BackendException {

  private static final long serialVersionUID = 1L;

  CudaException(ErrorCode code, String message, int result) {
    super(code, message, result, null);
  }

  /**
   * {@return whether the context is lost with the error: every later call on the device fails, and
   * only another process has a working one}
   */
  public boolean isSticky() {
    return CudaResults.isSticky(nativeCode());
  }
}
