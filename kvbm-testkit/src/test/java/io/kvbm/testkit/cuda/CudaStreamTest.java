package io.kvbm.testkit.cuda;

import static io.kvbm.testkit.cuda.DriverCalls.ILLEGAL_ADDRESS;
import static io.kvbm.testkit.cuda.DriverCalls.INVALID_HANDLE;
import static io.kvbm.testkit.cuda.DriverCalls.INVALID_VALUE;
import static io.kvbm.testkit.cuda.DriverCalls.NOT_READY;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CudaStreamTest extends SimulatedDriver {

  private void destroy(long... streams) {
    for (long stream : streams) {
      driver.ok("cuStreamDestroy", stream);
    }
  }

  /** Keeps a stream from going on until the latch is opened. */
  private CountDownLatch block(long stream) {
    CountDownLatch latch = new CountDownLatch(1);
    driver.ok("cuLaunchHostFunc", stream, function(() -> await(latch)), 0L);
    return latch;
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aCopyOfPinnedMemoryRunsLater() {
    long stream = stream();
    long memory = allocate(100);
    MemorySegment pinned = pinned(100, 1);
    simulator.hold();
    driver.ok("cuMemcpyHtoDAsync", memory, pinned, 100L, stream);
    driver.ok("cuMemsetD8Async", memory + 50, (byte) 9, 1L, stream);
    pinned.fill((byte) 2);
    assertThat(driver.call("cuStreamQuery", stream)).isEqualTo(NOT_READY);
    simulator.release();
    driver.ok("cuStreamSynchronize", stream);
    driver.ok("cuStreamQuery", stream);
    byte[] expected = bytes(100, 2);
    expected[50] = 9;
    assertThat(read(memory, 100)).isEqualTo(expected);
    destroy(stream);
    free(memory);
    freeHost(pinned);
  }

  @Test
  void aCopyOfPageableMemoryIsDoneWhenTheCallReturns() throws InterruptedException {
    long stream = stream();
    long memory = allocate(100);
    MemorySegment host = pageable(100, 1);
    simulator.hold();
    Thread thread =
        begin(
            "cuMemcpyHtoDAsync",
            () -> {
              driver.ok("cuMemcpyHtoDAsync", memory, host, 100L, stream);
              host.fill((byte) 2);
            });
    assertThat(driver.call("cuStreamQuery", stream)).isEqualTo(NOT_READY);
    simulator.release();
    thread.join();
    assertThat(read(memory, 100)).isEqualTo(bytes(100, 1));
    MemorySegment back = pageable(100, 0);
    driver.ok("cuMemcpyDtoHAsync", back, memory, 100L, stream);
    assertThat(back.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes(100, 1));
    destroy(stream);
    free(memory);
  }

  @Test
  void anEventOrdersStreams() {
    long one = stream();
    long other = stream();
    long event = driver.get("cuEventCreate", 2);
    long memory = allocate(100);
    long target = allocate(100);
    driver.ok("cuStreamWaitEvent", other, event, 0); // never recorded: waits for nothing
    driver.ok("cuStreamSynchronize", other);
    driver.ok("cuEventQuery", event);
    CountDownLatch latch = block(one);
    driver.ok("cuMemsetD8Async", memory, (byte) 1, 100L, one);
    driver.ok("cuEventRecord", event, one);
    driver.ok("cuStreamWaitEvent", other, event, 0);
    driver.ok("cuMemcpyDtoDAsync", target, memory, 100L, other);
    assertThat(driver.call("cuEventQuery", event)).isEqualTo(NOT_READY);
    assertThat(driver.call("cuStreamQuery", other)).isEqualTo(NOT_READY);
    latch.countDown();
    driver.ok("cuEventSynchronize", event);
    driver.ok("cuStreamSynchronize", other);
    assertThat(read(target, 100)).isEqualTo(bytes(100, 1));
    driver.ok("cuEventDestroy", event);
    destroy(one, other);
    free(memory, target);
  }

  @Test
  void aWaitIsForTheRecordBeforeItEvenIfTheEventIsRecordedAnew() {
    long slow = stream();
    long quick = stream();
    long waiting = stream();
    long event = driver.get("cuEventCreate", 2);
    CountDownLatch latch = block(slow);
    driver.ok("cuEventRecord", event, slow);
    driver.ok("cuStreamWaitEvent", waiting, event, 0);
    driver.ok("cuEventRecord", event, quick);
    driver.ok("cuEventSynchronize", event);
    assertThat(driver.call("cuStreamQuery", waiting)).isEqualTo(NOT_READY);
    driver.ok("cuEventDestroy", event);
    latch.countDown();
    driver.ok("cuCtxSynchronize");
    driver.ok("cuStreamQuery", waiting);
    destroy(slow, quick, waiting);
  }

  @Test
  void streamZeroOrdersWithBlockingStreamsOnly() {
    long blocking = driver.get("cuStreamCreateWithPriority", 0, -1);
    long free = stream();
    long memory = allocate(100);
    CountDownLatch latch = block(blocking);
    driver.ok("cuMemsetD8Async", memory, (byte) 1, 100L, 0L);
    driver.ok("cuMemsetD8Async", memory, (byte) 2, 50L, blocking);
    driver.ok("cuMemsetD8Async", memory, (byte) 3, 1L, free);
    driver.ok("cuStreamSynchronize", free);
    assertThat(driver.call("cuStreamQuery", 0L)).isEqualTo(NOT_READY);
    assertThat(driver.call("cuStreamQuery", blocking)).isEqualTo(NOT_READY);
    latch.countDown();
    driver.ok("cuStreamSynchronize", blocking);
    driver.ok("cuStreamQuery", 1L);
    byte[] expected = bytes(100, 1);
    Arrays.fill(expected, 0, 50, (byte) 2);
    assertThat(read(memory, 100)).isEqualTo(expected);
    destroy(blocking, free);
    free(memory);
  }

  @Test
  void hostFunctionsRunInOrderOnAThreadOfTheDriverAndCallNothing() {
    long stream = stream();
    List<Object> seen = new CopyOnWriteArrayList<>();
    driver.ok("cuLaunchHostFunc", stream, function(() -> seen.add(Thread.currentThread())), 0L);
    MemorySegment out = arena.allocate(8);
    driver.ok(
        "cuLaunchHostFunc",
        stream,
        function(() -> seen.add(driver.call("cuMemAlloc", out, 1L))),
        0L);
    List<Integer> results = new CopyOnWriteArrayList<>();
    driver.ok("cuStreamAddCallback", stream, callback(results), 0L, 0);
    driver.ok("cuStreamSynchronize", stream);
    assertThat(seen.get(0)).isNotSameAs(Thread.currentThread());
    assertThat(seen.get(1)).isEqualTo(800);
    assertThat(results).containsExactly(0);
    destroy(stream);
  }

  @Test
  void aLostContextCallsCallbacksAndNoHostFunctions() {
    long stream = stream();
    List<Integer> results = new CopyOnWriteArrayList<>();
    List<String> called = new CopyOnWriteArrayList<>();
    long memory = allocate(10);
    CountDownLatch latch = block(stream);
    simulator.failNext("copy", ILLEGAL_ADDRESS, 0, 1);
    driver.ok("cuMemcpyDtoDAsync", memory, memory + 5, 5L, stream);
    driver.ok("cuLaunchHostFunc", stream, function(() -> called.add("function")), 0L);
    driver.ok("cuStreamAddCallback", stream, callback(results), 0L, 0);
    latch.countDown();
    assertThat(driver.call("cuStreamSynchronize", stream)).isEqualTo(ILLEGAL_ADDRESS);
    // Whoever synchronizes learns of the loss at once, the callback in its turn.
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (results.isEmpty() && System.nanoTime() - until < 0) {
      Thread.onSpinWait();
    }
    assertThat(called).isEmpty();
    assertThat(results).containsExactly(ILLEGAL_ADDRESS);
    destroy(stream);
    assertThat(driver.call("cuMemFree", memory)).isEqualTo(ILLEGAL_ADDRESS);
    assertThat(simulator.live("device")).isZero();
  }

  @Test
  void eventsTellTheTimeBetweenThem() {
    long start = driver.get("cuEventCreate", 0);
    long end = driver.get("cuEventCreate", 0);
    long untimed = driver.get("cuEventCreate", 2);
    MemorySegment milliseconds = arena.allocate(4);
    simulator.latency(2_000_000);
    driver.ok("cuEventRecord", start, 0L);
    assertThat(driver.call("cuEventElapsedTime", milliseconds, start, end))
        .isEqualTo(INVALID_HANDLE);
    driver.ok("cuEventRecord", untimed, 0L);
    assertThat(driver.call("cuEventElapsedTime", milliseconds, start, untimed))
        .isEqualTo(INVALID_HANDLE);
    simulator.hold();
    driver.ok("cuEventRecord", end, 0L);
    simulator.release();
    driver.ok("cuEventSynchronize", end);
    driver.ok("cuEventElapsedTime", milliseconds, start, end);
    assertThat(milliseconds.get(ValueLayout.JAVA_FLOAT, 0)).isGreaterThanOrEqualTo(2);
    for (long event : new long[] {start, end, untimed}) {
      driver.ok("cuEventDestroy", event);
    }
    assertThat(driver.call("cuEventDestroy", end)).isEqualTo(INVALID_HANDLE);
  }

  @Test
  void whatIsQueuedIsDoneThoughItsStreamAndEventAreDestroyed() {
    long stream = stream();
    long event = driver.get("cuEventCreate", 2);
    long memory = allocate(10);
    simulator.hold();
    driver.ok("cuMemsetD8Async", memory, (byte) 1, 10L, stream);
    driver.ok("cuEventRecord", event, stream);
    destroy(stream);
    driver.ok("cuEventDestroy", event);
    assertThat(driver.call("cuStreamQuery", stream)).isEqualTo(INVALID_HANDLE);
    assertThat(driver.call("cuEventQuery", event)).isEqualTo(INVALID_HANDLE);
    simulator.release();
    driver.ok("cuCtxSynchronize");
    assertThat(read(memory, 10)).isEqualTo(bytes(10, 1));
    free(memory);
  }

  @Test
  void freeingWaitsForWhatIsQueued() throws InterruptedException {
    long stream = stream();
    long memory = allocate(10);
    MemorySegment pinned = pinned(10, 1);
    simulator.hold();
    driver.ok("cuMemcpyHtoDAsync", memory, pinned, 10L, stream);
    Thread thread = begin("cuMemFree", () -> free(memory));
    assertThat(simulator.live("device")).isEqualTo(1);
    assertThat(driver.call("cuMemsetD8Async", memory, (byte) 1, 1L, stream))
        .isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemFree", memory)).isEqualTo(INVALID_VALUE);
    simulator.release();
    thread.join();
    assertThat(simulator.live("device")).isZero();
    destroy(stream);
    freeHost(pinned);
  }

  @Test
  void memoryOfAPoolIsThereInTheOrderOfItsStream() {
    long one = stream();
    long other = stream();
    long event = driver.get("cuEventCreate", 2);
    CountDownLatch latch = block(one);
    long memory = driver.get("cuMemAllocAsync", 100L, one);
    driver.ok("cuEventRecord", event, one);
    driver.ok("cuStreamWaitEvent", other, event, 0);
    driver.ok("cuMemsetD8Async", memory, (byte) 1, 100L, other);
    latch.countDown();
    driver.ok("cuStreamSynchronize", other);
    driver.ok("cuMemFreeAsync", memory, other);
    assertThat(driver.call("cuMemsetD8Async", memory, (byte) 1, 100L, other))
        .isEqualTo(INVALID_VALUE);
    driver.ok("cuStreamSynchronize", other);
    assertThat(simulator.live("pooled")).isZero();
    driver.ok("cuEventDestroy", event);
    destroy(one, other);
  }

  @Test
  void memoryOfAPoolUsedBeforeItIsThereLosesTheContext() {
    long one = stream();
    long other = stream();
    CountDownLatch latch = block(one);
    long memory = driver.get("cuMemAllocAsync", 100L, one);
    driver.ok("cuMemsetD8Async", memory, (byte) 1, 100L, other);
    assertThat(driver.call("cuStreamSynchronize", other)).isEqualTo(ILLEGAL_ADDRESS);
    latch.countDown();
    destroy(one, other);
  }

  @Test
  void memoryOfAPoolUsedAfterItIsFreedLosesTheContext() {
    long one = stream();
    long other = stream();
    long memory = driver.get("cuMemAllocAsync", 100L, one);
    CountDownLatch latch = block(other);
    driver.ok("cuMemsetD8Async", memory, (byte) 1, 100L, other);
    driver.ok("cuMemFreeAsync", memory, one);
    driver.ok("cuStreamSynchronize", one);
    latch.countDown();
    assertThat(driver.call("cuStreamSynchronize", other)).isEqualTo(ILLEGAL_ADDRESS);
    destroy(one, other);
  }

  @Test
  void handlesThatAreNoneAreRefused() {
    long stream = stream();
    long event = driver.get("cuEventCreate", 2);
    long there = onSecondStream();
    assertThat(
            results(
                driver.call("cuStreamSynchronize", event),
                driver.call("cuStreamQuery", 4096L),
                driver.call("cuStreamDestroy", 0L),
                driver.call("cuEventRecord", stream, stream),
                driver.call("cuEventRecord", event, there),
                driver.call("cuEventSynchronize", 0L),
                driver.call("cuStreamWaitEvent", stream, 8L, 0),
                driver.call("cuMemsetD8Async", 0L, (byte) 0, 0L, 8L),
                driver.call("cuLaunchHostFunc", 2L, function(() -> {}), 0L)))
        .containsOnly(INVALID_HANDLE);
    MemorySegment out = arena.allocate(8);
    assertThat(driver.call("cuStreamCreate", out, 2)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuEventCreate", out, 8)).isEqualTo(INVALID_VALUE);
    driver.ok("cuEventDestroy", event);
    destroy(stream, there);
    assertThat(driver.call("cuStreamDestroy", stream)).isEqualTo(INVALID_HANDLE);
  }

  private long onSecondStream() {
    long[] stream = new long[1];
    onSecond(() -> stream[0] = stream());
    return stream[0];
  }
}
