package io.kvbm.testkit.cuda;

import static io.kvbm.testkit.cuda.DriverCalls.ILLEGAL_ADDRESS;
import static io.kvbm.testkit.cuda.DriverCalls.INVALID_CONTEXT;
import static io.kvbm.testkit.cuda.DriverCalls.INVALID_DEVICE;
import static io.kvbm.testkit.cuda.DriverCalls.INVALID_VALUE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class CudaErrorTest extends SimulatedDriver {

  private static final int LAUNCH_FAILED = 719;
  private static final int UNKNOWN = 999;

  private MemorySegment out() {
    return arena.allocate(64);
  }

  @Test
  void devicesTellWhatTheyAre() {
    assertThat((int) driver.get("cuDriverGetVersion")).isEqualTo(12060);
    assertThat((int) driver.get("cuDeviceGetCount")).isEqualTo(2);
    assertThat((int) driver.get("cuDeviceGet", 1)).isEqualTo(1);
    MemorySegment name = out();
    driver.ok("cuDeviceGetName", name, 64, 1);
    assertThat(name.getString(0)).isEqualTo("kvbm simulated device 1");
    driver.ok("cuDeviceGetPCIBusId", name, 64, 1);
    assertThat(name.getString(0)).isEqualTo("0000:02:00.0");
    driver.ok("cuDeviceGetUuid", name, 0);
    MemorySegment other = out();
    driver.ok("cuDeviceGetUuid", other, 1);
    assertThat(name.mismatch(other)).isBetween(0L, 15L);
    assertThat(driver.get("cuDeviceTotalMem", 0)).isEqualTo(MEBIBYTE);
    assertThat((int) driver.get("cuDeviceGetAttribute", 75, 0)).isEqualTo(9);
    assertThat((int) driver.get("cuDeviceGetAttribute", 11, 0)).isEqualTo(Integer.MAX_VALUE);
    assertThat((int) driver.get("cuDeviceGetAttribute", 1000, 0)).isZero();
    assertThat((int) driver.get("cuDeviceCanAccessPeer", 0, 1)).isEqualTo(1);
    assertThat((int) driver.get("cuDeviceCanAccessPeer", 1, 1)).isZero();
    assertThat(
            results(
                driver.call("cuDeviceGet", out(), 2),
                driver.call("cuDeviceGetName", out(), 64, -1),
                driver.call("cuDeviceTotalMem", out(), 2),
                driver.call("cuDeviceGetAttribute", out(), 1, 2),
                driver.call("cuDeviceGetDefaultMemPool", out(), 2),
                driver.call("cuDevicePrimaryCtxRetain", out(), 2)))
        .containsOnly(INVALID_DEVICE);
  }

  @Test
  void contextsAreCurrentToAThread() {
    assertThat(driver.get("cuCtxGetCurrent")).isEqualTo(first);
    driver.ok("cuCtxPushCurrent", second);
    assertThat((int) driver.get("cuCtxGetDevice")).isEqualTo(1);
    driver.ok("cuCtxSetCurrent", first);
    assertThat(driver.get("cuCtxPopCurrent")).isEqualTo(first);
    driver.ok("cuCtxSetCurrent", 0L);
    assertThat(driver.get("cuCtxGetCurrent")).isZero();
    assertThat(driver.call("cuMemAlloc", out(), 1L)).isEqualTo(INVALID_CONTEXT);
    assertThat(driver.call("cuCtxPopCurrent", out())).isEqualTo(INVALID_CONTEXT);
    assertThat(driver.call("cuCtxPushCurrent", 0L)).isEqualTo(INVALID_CONTEXT);
    assertThat(driver.call("cuCtxPushCurrent", first + 8)).isEqualTo(INVALID_CONTEXT);
    driver.ok("cuCtxSetCurrent", first);
  }

  @Test
  void aPushThatFailsForGoodLosesWhatWasPushedAndAPopThatFailsHasPopped() {
    simulator.failNext("cuCtxPushCurrent", ILLEGAL_ADDRESS, 0, 1);
    assertThat(driver.call("cuCtxPushCurrent", second)).isEqualTo(ILLEGAL_ADDRESS);
    assertThat(driver.get("cuCtxGetCurrent")).isEqualTo(first);
    driver.ok("cuCtxPushCurrent", second);
    assertThat(driver.call("cuMemAlloc", out(), 1L)).isEqualTo(ILLEGAL_ADDRESS);
    simulator.failNext("cuCtxPopCurrent", UNKNOWN, 0, 1);
    assertThat(driver.call("cuCtxPopCurrent", out())).isEqualTo(UNKNOWN);
    assertThat(driver.get("cuCtxGetCurrent")).isEqualTo(first);
    simulator.clearError();
  }

  @Test
  void failuresToComeAreForgotten() {
    simulator.failNext("cuMemAlloc", UNKNOWN, 0, -1);
    assertThat(driver.call("cuMemAlloc", out(), 1L)).isEqualTo(UNKNOWN);
    simulator.forgetFailures();
    driver.ok("cuMemFree", driver.get("cuMemAlloc", 1L));
  }

  @Test
  void aContextLastsUntilItIsReleasedAsOftenAsItWasRetained() {
    assertThat(simulator.live("contexts")).isEqualTo(2);
    assertThat(driver.get("cuDevicePrimaryCtxRetain", 1)).isEqualTo(second);
    driver.ok("cuDevicePrimaryCtxRelease", 1);
    MemorySegment active = out();
    driver.ok("cuDevicePrimaryCtxGetState", 1, out(), active);
    assertThat(active.get(ValueLayout.JAVA_INT, 0)).isEqualTo(1);
    driver.ok("cuCtxPushCurrent", second);
    driver.ok("cuDevicePrimaryCtxRelease", 1);
    driver.ok("cuDevicePrimaryCtxGetState", 1, out(), active);
    assertThat(active.get(ValueLayout.JAVA_INT, 0)).isZero();
    assertThat(driver.call("cuMemAlloc", out(), 1L)).isEqualTo(709);
    driver.ok("cuCtxPopCurrent", MemorySegment.NULL);
    assertThat(driver.call("cuDevicePrimaryCtxRelease", 1)).isEqualTo(INVALID_CONTEXT);
  }

  @Test
  void whatAContextLeavesBehindIsToldOnce() {
    onSecond(
        () -> {
          allocate(10);
          driver.get("cuEventCreate", 0);
          stream();
        });
    driver.ok("cuDevicePrimaryCtxRelease", 1);
    driver.ok("cuDevicePrimaryCtxRelease", 0);
    assertThat(simulator.ledger())
        .containsEntry("device", 1L)
        .containsEntry("events", 1L)
        .containsEntry("streams", 1L);
    assertThatThrownBy(() -> simulator.reset(2, MEBIBYTE))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("device=1");
    simulator.reset(2, MEBIBYTE);
  }

  @Test
  void aContextIsBegunAnewOnlyWhenItsEndIsOver() throws InterruptedException {
    onSecond(
        () -> {
          long memory = allocate(10);
          simulator.hold();
          driver.ok("cuMemsetD8Async", memory, (byte) 1, 10L, 0L);
        });
    Thread end =
        begin("cuDevicePrimaryCtxRelease", () -> driver.ok("cuDevicePrimaryCtxRelease", 1));
    Thread anew =
        begin("cuDevicePrimaryCtxRetain", () -> driver.get("cuDevicePrimaryCtxRetain", 1));
    assertThat(simulator.live("contexts")).isEqualTo(1);
    simulator.release();
    end.join();
    anew.join();
    assertThat(simulator.live("contexts")).isEqualTo(2);
    driver.ok("cuDevicePrimaryCtxRelease", 0);
    driver.ok("cuDevicePrimaryCtxRelease", 1);
    assertThatThrownBy(() -> simulator.reset(1, 1)).hasMessageContaining("device=1");
  }

  @Test
  void aCallFailsAsOftenAsItIsTold() {
    simulator.failNext("cuMemAlloc", UNKNOWN, 1, 2);
    simulator.failNext("cuMemAlloc", 2, 0, 1);
    long memory = allocate(1);
    assertThat(driver.call("cuMemAlloc", out(), 1L)).isEqualTo(UNKNOWN);
    assertThat(driver.call("cuMemAlloc", out(), 1L)).isEqualTo(UNKNOWN);
    assertThat(driver.call("cuMemAlloc", out(), 1L)).isEqualTo(2);
    long other = allocate(1);
    assertThat(simulator.calls("cuMemAlloc")).isEqualTo(5);
    assertThat(simulator.calls("cuMemAlloc_v2")).isEqualTo(5);
    assertThat(simulator.calls("cuMemFree")).isZero();
    free(memory, other);
  }

  @Test
  void aStickyErrorStaysWithItsContext() {
    long memory = allocate(1);
    long stream = stream();
    long event = driver.get("cuEventCreate", 0);
    simulator.failNext("cuMemsetD8Async", LAUNCH_FAILED, 0, 1);
    assertThat(driver.call("cuMemsetD8Async", memory, (byte) 0, 1L, stream))
        .isEqualTo(LAUNCH_FAILED);
    assertThat(
            results(
                driver.call("cuMemsetD8Async", memory, (byte) 0, 1L, stream),
                driver.call("cuMemAlloc", out(), 1L),
                driver.call("cuMemGetInfo", out(), out()),
                driver.call("cuStreamSynchronize", stream),
                driver.call("cuStreamQuery", stream),
                driver.call("cuEventQuery", event),
                driver.call("cuCtxSynchronize"),
                driver.call("cuDevicePrimaryCtxRetain", out(), 0)))
        .containsOnly(LAUNCH_FAILED);
    onSecond(() -> free(allocate(1)));
    driver.ok("cuStreamDestroy", stream);
    driver.ok("cuEventDestroy", event);
    driver.ok("cuDevicePrimaryCtxRelease", 0);
    assertThat(simulator.live("device")).isZero();
    assertThat(driver.call("cuDevicePrimaryCtxRetain", out(), 0)).isEqualTo(LAUNCH_FAILED);
    simulator.clearError();
    driver.ok("cuDevicePrimaryCtxRetain", out(), 0);
    free(allocate(1));
  }

  @Test
  void workThatFailsLaterIsToldWhenItIsWaitedFor() {
    long stream = stream();
    long memory = allocate(10);
    simulator.failNext("copy", ILLEGAL_ADDRESS, 1, 1);
    driver.ok("cuMemcpyDtoDAsync", memory, memory + 5, 5L, stream);
    driver.ok("cuMemcpyDtoDAsync", memory, memory + 5, 5L, stream);
    assertThat(driver.call("cuStreamSynchronize", stream)).isEqualTo(ILLEGAL_ADDRESS);
    assertThat(driver.call("cuMemcpyDtoDAsync", memory, memory + 5, 5L, stream))
        .isEqualTo(ILLEGAL_ADDRESS);
    simulator.clearError();
    driver.ok("cuStreamSynchronize", stream);
    driver.ok("cuStreamDestroy", stream);
    free(memory);
  }

  @Test
  void anErrorThatIsNotStickyIsToldOnce() {
    long stream = stream();
    long memory = allocate(10);
    simulator.failNext("copy", UNKNOWN, 0, 3);
    driver.ok("cuMemcpyDtoDAsync", memory, memory + 5, 5L, stream);
    assertThat(driver.call("cuStreamSynchronize", stream)).isEqualTo(UNKNOWN);
    driver.ok("cuStreamSynchronize", stream);
    long event = driver.get("cuEventCreate", 0);
    driver.ok("cuMemcpyDtoDAsync", memory, memory + 5, 5L, stream);
    driver.ok("cuEventRecord", event, stream);
    assertThat(driver.call("cuEventSynchronize", event)).isEqualTo(UNKNOWN);
    driver.ok("cuStreamSynchronize", stream);
    assertThat(driver.call("cuMemcpyDtoD", memory, memory + 5, 5L)).isEqualTo(UNKNOWN);
    driver.ok("cuCtxSynchronize");
    driver.ok("cuEventDestroy", event);
    driver.ok("cuStreamDestroy", stream);
    free(memory);
  }

  private String text(String call, int result) {
    MemorySegment text = out();
    driver.ok(call, result, text);
    return DriverCalls.at(text.get(ValueLayout.JAVA_LONG, 0), 100).getString(0);
  }

  @Test
  void resultsHaveNames() {
    assertThat(text("cuGetErrorName", 0)).isEqualTo("CUDA_SUCCESS");
    assertThat(text("cuGetErrorName", 700)).isEqualTo("CUDA_ERROR_ILLEGAL_ADDRESS");
    assertThat(text("cuGetErrorString", 2)).isEqualTo("out of memory");
    MemorySegment text = out();
    assertThat(driver.call("cuGetErrorName", 12345, text)).isEqualTo(INVALID_VALUE);
    assertThat(text.get(ValueLayout.JAVA_LONG, 0)).isZero();
  }

  @Test
  void withoutDevicesThereIsNothingToStart() {
    driver.ok("cuCtxPopCurrent", MemorySegment.NULL);
    driver.ok("cuDevicePrimaryCtxRelease", 0);
    driver.ok("cuDevicePrimaryCtxRelease", 1);
    simulator.reset(0, MEBIBYTE);
    assertThat(driver.call("cuInit", 0)).isEqualTo(100);
    assertThat((int) driver.get("cuDeviceGetCount")).isZero();
    assertThat(driver.call("cuInit", 1)).isEqualTo(INVALID_VALUE);
  }
}
