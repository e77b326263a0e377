package io.kvbm.bench.gpu;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.cuda.CudaDriver;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * The peer: one copy of the driver between one page-locked buffer and device memory, and the wait
 * for it. Of one thread.
 */
final class RawCopies implements AutoCloseable {

  private final CUstream stream = new CUstream();
  private final Pointer host = new Pointer();
  private final CUdeviceptr first = new CUdeviceptr();
  private final CUdeviceptr second = new CUdeviceptr();
  private final Deque<Runnable> undo = new ArrayDeque<>();

  /**
   * Takes the buffers.
   *
   * @param ordinal which GPU
   * @param byteSize the length of the largest copy in bytes
   */
  RawCopies(int ordinal, long byteSize) {
    CudaDriver.load(); // and JCuda's native half with it
    try {
      enter(ordinal);
      take(byteSize);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void enter(int ordinal) {
    CUdevice device = new CUdevice();
    CUcontext context = new CUcontext();
    check("cuDeviceGet", JCudaDriver.cuDeviceGet(device, ordinal));
    check("cuDevicePrimaryCtxRetain", JCudaDriver.cuDevicePrimaryCtxRetain(context, device));
    undo.push(() -> JCudaDriver.cuDevicePrimaryCtxRelease(device));
    check("cuCtxPushCurrent", JCudaDriver.cuCtxPushCurrent(context));
    undo.push(() -> JCudaDriver.cuCtxPopCurrent(new CUcontext()));
  }

  private void take(long byteSize) {
    check(
        "cuStreamCreate",
        JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
    undo.push(() -> JCudaDriver.cuStreamDestroy(stream));
    check(
        "cuMemHostAlloc of " + byteSize + " bytes",
        JCudaDriver.cuMemHostAlloc(host, byteSize, JCudaDriver.CU_MEMHOSTALLOC_PORTABLE));
    undo.push(() -> JCudaDriver.cuMemFreeHost(host));
    for (CUdeviceptr buffer : List.of(first, second)) {
      check("cuMemAlloc of " + byteSize + " bytes", JCudaDriver.cuMemAlloc(buffer, byteSize));
      undo.push(() -> JCudaDriver.cuMemFree(buffer));
    }
  }

  /** Copies the first bytes of a buffer and waits for it. */
  void copy(Way way, long byteSize) {
    int started =
        switch (way) {
          case H2D -> JCudaDriver.cuMemcpyHtoDAsync(first, host, byteSize, stream);
          case D2H -> JCudaDriver.cuMemcpyDtoHAsync(host, first, byteSize, stream);
          case D2D -> JCudaDriver.cuMemcpyDtoDAsync(second, first, byteSize, stream);
        };
    check("a copy of " + byteSize + " bytes", started);
    check("cuStreamSynchronize", JCudaDriver.cuStreamSynchronize(stream));
  }

  private static void check(String call, int result) {
    if (result != CUresult.CUDA_SUCCESS) {
      throw new BackendException(
          ErrorCode.OPERATION_FAILED,
          "%s failed: %s".formatted(call, CUresult.stringFor(result)),
          null);
    }
  }

  /** Gives everything back, the last taken first. */
  @Override
  public void close() {
    while (!undo.isEmpty()) {
      undo.pop().run();
    }
  }
}
