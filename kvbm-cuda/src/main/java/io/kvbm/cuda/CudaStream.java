package io.kvbm.cuda;

import io.kvbm.api.BackendException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import jcuda.Pointer;
import jcuda.driver.CUDA_MEMCPY2D;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUmemorytype;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * Copies that a device makes one after another, while the host does something else. A thread of the
 * stream waits for their end.
 *
 * <p>Threading: safe from any thread; copies and {@link #whenDone} of one thread keep their order.
 * Memory that a copy touches must stay until it has ended.
 */
public final class CudaStream implements AutoCloseable {

  /** Which way bytes go. */
  public enum Direction {
    /** From host memory to the device. */
    TO_DEVICE,
    /** From the device to host memory. */
    TO_HOST,
    /** From device memory to device memory. */
    ON_DEVICE
  }

  /**
   * Rows of equal length at equal distances.
   *
   * @param source the address of the first row
   * @param sourcePitch from one row to the next, in bytes, at least the width
   * @param target the address of the first row
   * @param targetPitch from one row to the next, in bytes, at least the width
   * @param width the length of a row in bytes
   * @param height how many rows
   */
  public record Rows(
      long source, long sourcePitch, long target, long targetPitch, long width, long height) {}

  /** What waits for the end of the copies before it. */
  private record Waiter(
      @Nullable CUevent event, Consumer<Optional<KvbmException>> action, boolean isLast) {}

  private static final System.Logger LOG = System.getLogger(CudaStream.class.getName());

  private final CudaDevice device;
  private final CUstream stream = new CUstream();
  private final BlockingQueue<Waiter> waiters = new LinkedBlockingQueue<>();
  private final Deque<CUevent> idleEvents = new ArrayDeque<>();
  private final Thread thread;
  private final Object order = new Object();
  private boolean closed;

  CudaStream(CudaDevice device, String use) {
    this.device = device;
    device.call(
        "cuStreamCreate",
        () -> JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
    thread =
        Thread.ofPlatform()
            .daemon()
            .name("kvbm-cuda-" + device.ordinal() + "-" + use)
            .unstarted(this::awaitWork);
    try {
      thread.start();
    } catch (OutOfMemoryError e) {
      giveBack("cuStreamDestroy", () -> JCudaDriver.cuStreamDestroy(stream));
      throw new BackendException(
          ErrorCode.OPERATION_FAILED, "no thread can be had for a CUDA stream: " + e, e);
    }
  }

  /**
   * Starts a copy.
   *
   * @param direction which way
   * @param source the address of the first byte read
   * @param target the address of the first byte written
   * @param byteSize how many bytes
   * @throws KvbmException if it cannot be started; nothing is copied
   */
  public void copy(Direction direction, long source, long target, long byteSize) {
    switch (direction) {
      case TO_DEVICE ->
          device.call(
              "cuMemcpyHtoDAsync",
              () ->
                  JCudaDriver.cuMemcpyHtoDAsync(
                      CudaAddress.device(target), CudaAddress.host(source), byteSize, stream));
      case TO_HOST ->
          device.call(
              "cuMemcpyDtoHAsync",
              () ->
                  JCudaDriver.cuMemcpyDtoHAsync(
                      CudaAddress.host(target), CudaAddress.device(source), byteSize, stream));
      case ON_DEVICE ->
          device.call(
              "cuMemcpyDtoDAsync",
              () ->
                  JCudaDriver.cuMemcpyDtoDAsync(
                      CudaAddress.device(target), CudaAddress.device(source), byteSize, stream));
    }
  }

  /**
   * Starts a copy from another device's memory to this one's.
   *
   * @param source the address of the first byte read
   * @param from the device that has it
   * @param target the address of the first byte written, on this device
   * @param byteSize how many bytes
   * @throws KvbmException if it cannot be started; nothing is copied
   */
  public void copyFrom(long source, CudaDevice from, long target, long byteSize) {
    device.call(
        "cuMemcpyPeerAsync",
        () ->
            JCudaDriver.cuMemcpyPeerAsync(
                CudaAddress.device(target),
                device.context(),
                CudaAddress.device(source),
                from.context(),
                byteSize,
                stream));
  }

  /**
   * Starts a copy of rows in one call.
   *
   * @param direction which way
   * @param rows no pitch above {@link CudaDevice#maxPitch()}
   * @throws KvbmException if it cannot be started; nothing is copied
   */
  public void copy(Direction direction, Rows rows) {
    CUDA_MEMCPY2D copy = new CUDA_MEMCPY2D();
    copy.srcPitch = rows.sourcePitch();
    copy.dstPitch = rows.targetPitch();
    copy.WidthInBytes = rows.width();
    copy.Height = rows.height();
    if (direction == Direction.TO_DEVICE) {
      copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
      copy.srcHost = CudaAddress.host(rows.source());
    } else {
      copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
      copy.srcDevice = CudaAddress.device(rows.source());
    }
    if (direction == Direction.TO_HOST) {
      copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
      copy.dstHost = CudaAddress.host(rows.target());
    } else {
      copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
      copy.dstDevice = CudaAddress.device(rows.target());
    }
    device.call("cuMemcpy2DAsync", () -> JCudaDriver.cuMemcpy2DAsync(copy, stream));
  }

  /**
   * Starts setting bytes of device memory.
   *
   * @param address the first byte
   * @param value the byte
   * @param byteSize how many
   * @throws KvbmException if that cannot be started
   */
  public void fill(long address, byte value, long byteSize) {
    device.call(
        "cuMemsetD8Async",
        () -> JCudaDriver.cuMemsetD8Async(CudaAddress.device(address), value, byteSize, stream));
  }

  /**
   * Waits, blocking the calling thread, until everything started before has ended.
   *
   * @throws KvbmException if it failed
   */
  public void await() {
    device.call("cuStreamSynchronize", () -> JCudaDriver.cuStreamSynchronize(stream));
  }

  /** Waits until everything started before has ended, well or not; does not throw. */
  public void settle() {
    try {
      await();
    } catch (KvbmException e) {
      LOG.log(System.Logger.Level.DEBUG, "a CUDA stream was waited for after a failure", e);
    }
  }

  /** Starts a kernel; {@code parameters} point to its arguments. */
  void launch(CopyKernel kernel, int blocks, int threads, Pointer parameters) {
    device.call(
        "cuLaunchKernel",
        () ->
            JCudaDriver.cuLaunchKernel(
                kernel.function(), blocks, 1, 1, threads, 1, 1, 0, stream, parameters, null));
  }

  /**
   * Runs an action, on the stream's thread, when everything started before has ended.
   *
   * @param action gets what went wrong, if anything; it must not block or throw
   * @throws KvbmException if the end cannot be waited for; the action is not run
   */
  public void whenDone(Consumer<Optional<KvbmException>> action) {
    synchronized (order) {
      if (closed) {
        throw new ClosedException(ErrorCode.CLOSED, "a CUDA stream is closed");
      }
      CUevent event = idleEvents.isEmpty() ? newEvent() : idleEvents.pop();
      try {
        device.call("cuEventRecord", () -> JCudaDriver.cuEventRecord(event, stream));
      } catch (KvbmException e) {
        idleEvents.push(event);
        throw e;
      }
      waiters.add(new Waiter(event, action, false));
    }
  }

  private CUevent newEvent() {
    CUevent event = new CUevent();
    int flags = CUevent_flags.CU_EVENT_BLOCKING_SYNC | CUevent_flags.CU_EVENT_DISABLE_TIMING;
    device.call("cuEventCreate", () -> JCudaDriver.cuEventCreate(event, flags));
    return event;
  }

  private void awaitWork() {
    while (true) {
      Waiter waiter;
      try {
        waiter = waiters.take();
      } catch (InterruptedException _) {
        continue; // nobody but us has this thread
      }
      if (waiter.isLast()) {
        return;
      }
      Optional<KvbmException> failure = endOf(waiter);
      try {
        waiter.action().accept(failure);
      } catch (RuntimeException | Error e) { // the others wait for this thread, too
        LOG.log(System.Logger.Level.ERROR, "what waited for a CUDA stream threw", e);
      }
    }
  }

  private Optional<KvbmException> endOf(Waiter waiter) {
    CUevent event = Objects.requireNonNull(waiter.event());
    try {
      device.call("cuEventSynchronize", () -> JCudaDriver.cuEventSynchronize(event));
      return Optional.empty();
    } catch (KvbmException e) {
      settle(); // the wait may have failed, and not what was waited for
      return Optional.of(e);
    } finally {
      synchronized (order) {
        idleEvents.push(event);
      }
    }
  }

  /** Waits for what was started and ends the thread. Not to be called by an action. */
  @Override
  public void close() {
    synchronized (order) {
      if (closed) {
        return;
      }
      closed = true;
      waiters.add(new Waiter(null, _ -> {}, true));
    }
    joinUninterruptibly();
    settle();
    idleEvents.forEach(
        event -> giveBack("cuEventDestroy", () -> JCudaDriver.cuEventDestroy(event)));
    giveBack("cuStreamDestroy", () -> JCudaDriver.cuStreamDestroy(stream));
  }

  /** What cannot be given back goes with the context, and must not keep the rest. */
  private void giveBack(String name, CudaDevice.Call call) {
    try {
      device.giveBack(name, call);
    } catch (KvbmException e) {
      LOG.log(System.Logger.Level.WARNING, "part of a CUDA stream was not given back", e);
    }
  }

  private void joinUninterruptibly() {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
