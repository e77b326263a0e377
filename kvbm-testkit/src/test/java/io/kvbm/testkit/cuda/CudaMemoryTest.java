package io.kvbm.testkit.cuda;

import static io.kvbm.testkit.cuda.DriverCalls.INVALID_CONTEXT;
import static io.kvbm.testkit.cuda.DriverCalls.INVALID_VALUE;
import static io.kvbm.testkit.cuda.DriverCalls.OUT_OF_MEMORY;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class CudaMemoryTest extends SimulatedDriver {

  private static final long SPACE = 1L << 40;

  @Test
  void addressesAreThoseOfADeviceAndNeverHandedOutTwice() {
    long one = allocate(1);
    free(one);
    long other = allocate(1);
    assertThat(one / SPACE).isEqualTo(other / SPACE);
    assertThat(one % 512).isZero();
    assertThat(other).isNotEqualTo(one);
    free(other);
    onSecond(
        () -> {
          long there = allocate(1);
          assertThat(there / SPACE).isEqualTo(one / SPACE + 1);
          free(there);
        });
  }

  @Test
  void newMemoryIsNotZeroed() {
    long memory = allocate(1000);
    assertThat(read(memory, 1000)).isEqualTo(bytes(1000, 0xCD));
    free(memory);
  }

  @Test
  void onlyTheStartOfAnAllocationIsFreedAndOnlyOnce() {
    long memory = allocate(1000);
    assertThat(driver.call("cuMemFree", memory + 1)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemFreeHost", memory)).isEqualTo(INVALID_VALUE);
    free(memory);
    assertThat(driver.call("cuMemFree", memory)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemFree", 0L)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemAlloc", arena.allocate(8), 0L)).isEqualTo(INVALID_VALUE);
  }

  @Test
  void aRangeThatLeavesItsAllocationIsRefused() {
    long memory = allocate(1000);
    long other = allocate(1000);
    MemorySegment host = pageable(2000, 1);
    assertThat(driver.call("cuMemcpyHtoD", memory, host, 1001L)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemcpyDtoH", host, memory + 999, 2L)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemcpyDtoD", memory, other - 1, 1L)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemcpyDtoDAsync", memory + 1, other, 1000L, 0L))
        .isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemcpyHtoDAsync", memory, host, -1L, 0L)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemsetD8", memory, (byte) 1, 1001L)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemsetD8Async", memory + 1000, (byte) 1, 1L, 0L))
        .isEqualTo(INVALID_VALUE);
    assertThat(read(memory, 1000)).isEqualTo(bytes(1000, 0xCD));
    free(memory, other);
    assertThat(driver.call("cuMemcpyHtoD", memory, host, 1L)).isEqualTo(INVALID_VALUE);
  }

  @Test
  void hostAndDeviceAreNotMistakenForEachOther() {
    long memory = allocate(100);
    MemorySegment host = pageable(100, 1);
    assertThat(driver.call("cuMemcpyHtoD", host, host, 1L)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemcpyHtoD", memory, memory, 1L)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemcpyDtoH", memory, memory, 1L)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemcpyDtoD", memory, host, 1L)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemcpyDtoH", 0L, memory, 1L)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemsetD8", host, (byte) 1, 1L)).isEqualTo(INVALID_VALUE);
    driver.ok("cuMemcpyAsync", memory, host, 100L, 0L);
    assertThat(read(memory, 100)).isEqualTo(bytes(100, 1));
    free(memory);
  }

  @Test
  void copiesAndFillsReachTheirTargets() {
    long memory = allocate(300);
    long other = allocate(300);
    write(memory, 7, 300);
    driver.ok("cuMemsetD8", memory + 100, (byte) 8, 100L);
    driver.ok("cuMemcpyDtoD", other + 1, memory + 99, 102L);
    driver.ok("cuMemsetD8Async", other + 250, (byte) 9, 50L, 0L);
    byte[] read = read(other, 300);
    assertThat(read[0]).isEqualTo((byte) 0xCD);
    assertThat(read[1]).isEqualTo((byte) 7);
    assertThat(read[2]).isEqualTo((byte) 8);
    assertThat(read[102]).isEqualTo((byte) 7);
    assertThat(read[103]).isEqualTo((byte) 0xCD);
    assertThat(read[299]).isEqualTo((byte) 9);
    driver.ok("cuMemcpyDtoD", 0L, 0L, 0L);
    free(memory, other);
  }

  private int copyRows(
      int sourceKind, long source, long sourcePitch, int kind, long target, long pitch, long rows) {
    MemorySegment copy = arena.allocate(128, 8);
    long[] planes = {1, 1, sourceKind, source, source, 0, sourcePitch};
    long[] targets = {2, 0, kind, target, target, 0, pitch};
    for (int i = 0; i < 7; i++) {
      copy.setAtIndex(ValueLayout.JAVA_LONG, i, planes[i]);
      copy.setAtIndex(ValueLayout.JAVA_LONG, 7 + i, targets[i]);
    }
    copy.setAtIndex(ValueLayout.JAVA_LONG, 14, 3L);
    copy.setAtIndex(ValueLayout.JAVA_LONG, 15, rows);
    return driver.call("cuMemcpy2DAsync", copy, 0L);
  }

  @Test
  void rowsAreCopiedFromAndToTheirPlaces() {
    long memory = allocate(200);
    MemorySegment host = pageable(100, 0);
    for (int i = 0; i < 100; i++) {
      host.set(ValueLayout.JAVA_BYTE, i, (byte) i);
    }
    assertThat(copyRows(1, host.address(), 10, 2, memory, 20, 5)).isZero();
    byte[] read = read(memory, 200);
    for (int row = 0; row < 5; row++) {
      assertThat(read[row * 20 + 1]).isEqualTo((byte) 0xCD);
      assertThat(read[row * 20 + 2]).isEqualTo((byte) (10 * (row + 1) + 1));
      assertThat(read[row * 20 + 4]).isEqualTo((byte) (10 * (row + 1) + 3));
      assertThat(read[row * 20 + 5]).isEqualTo((byte) 0xCD);
    }
    host.fill((byte) 0);
    assertThat(copyRows(4, memory, 20, 4, host.address(), 10, 4)).isZero();
    assertThat(host.get(ValueLayout.JAVA_BYTE, 2)).isEqualTo((byte) 0xCD);
    assertThat(host.get(ValueLayout.JAVA_BYTE, 3)).isEqualTo((byte) 21);
    assertThat(copyRows(1, host.address(), 10, 2, memory, 20, 0)).isZero();
    free(memory);
  }

  @Test
  void rowsThatDoNotFitAreRefused() {
    long memory = allocate(200);
    long host = pageable(200, 0).address();
    assertThat(copyRows(1, host, 3, 2, memory, 20, 2)).isEqualTo(INVALID_VALUE);
    assertThat(copyRows(1, host, 10, 2, memory, 4, 2)).isEqualTo(INVALID_VALUE);
    assertThat(copyRows(1, host, 10, 2, memory, 20, 11)).isEqualTo(INVALID_VALUE);
    assertThat(copyRows(1, host, 1L << 31, 2, memory, 20, 1)).isEqualTo(INVALID_VALUE);
    assertThat(copyRows(1, host, 10, 2, memory, 20, Long.MAX_VALUE)).isEqualTo(INVALID_VALUE);
    assertThat(copyRows(3, host, 10, 2, memory, 20, 1)).isEqualTo(INVALID_VALUE);
    assertThat(read(memory, 200)).isEqualTo(bytes(200, 0xCD));
    free(memory);
  }

  @Test
  void aFullDeviceIsOutOfMemory() {
    MemorySegment out = arena.allocate(16);
    assertThat(driver.call("cuMemAlloc", out, MEBIBYTE + 1)).isEqualTo(OUT_OF_MEMORY);
    assertThat(driver.call("cuMemAlloc", out, -1L)).isEqualTo(OUT_OF_MEMORY);
    long memory = allocate(MEBIBYTE - 512);
    assertThat(available()).isEqualTo(512);
    long rest = allocate(1);
    assertThat(driver.call("cuMemAlloc", out, 1L)).isEqualTo(OUT_OF_MEMORY);
    free(memory, rest);
    assertThat(available()).isEqualTo(MEBIBYTE);
  }

  private long available() {
    MemorySegment total = arena.allocate(8);
    long available = driver.get("cuMemGetInfo", total);
    assertThat(total.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(MEBIBYTE);
    return available;
  }

  private long attribute(long pool, int which) {
    MemorySegment value = arena.allocate(8);
    driver.ok("cuMemPoolGetAttribute", pool, which, value);
    return value.get(ValueLayout.JAVA_LONG, 0);
  }

  @Test
  void aPoolKeepsWhatWasFreedUntilItIsTrimmed() {
    long pool = driver.get("cuDeviceGetDefaultMemPool", 0);
    long memory = driver.get("cuMemAllocAsync", MEBIBYTE / 2, 0L);
    write(memory, 1, MEBIBYTE / 2);
    driver.ok("cuMemFreeAsync", memory, 0L);
    assertThat(driver.call("cuMemFreeAsync", memory, 0L)).isEqualTo(INVALID_VALUE);
    driver.ok("cuStreamSynchronize", 0L);
    assertThat(available()).isEqualTo(MEBIBYTE / 2);
    assertThat(attribute(pool, 5)).isEqualTo(MEBIBYTE / 2);
    assertThat(attribute(pool, 7)).isZero();
    assertThat(attribute(pool, 8)).isEqualTo(MEBIBYTE / 2);
    MemorySegment out = arena.allocate(8);
    assertThat(driver.call("cuMemAlloc", out, MEBIBYTE)).isEqualTo(OUT_OF_MEMORY);
    long again = driver.get("cuMemAllocAsync", MEBIBYTE, 0L);
    driver.ok("cuMemPoolTrimTo", pool, 0L);
    assertThat(available()).isZero();
    free(again);
    driver.ok("cuMemPoolTrimTo", pool, 1024L);
    assertThat(available()).isEqualTo(MEBIBYTE - 1024);
    driver.ok("cuMemPoolTrimTo", pool, 0L);
    free(allocate(MEBIBYTE));
  }

  @Test
  void attributesOfAPoolAreSet() {
    long pool = driver.get("cuDeviceGetDefaultMemPool", 0);
    MemorySegment value = arena.allocate(8);
    value.set(ValueLayout.JAVA_LONG, 0, 1L << 40);
    driver.ok("cuMemPoolSetAttribute", pool, 4, value);
    assertThat(attribute(pool, 4)).isEqualTo(1L << 40);
    assertThat(driver.call("cuMemPoolSetAttribute", pool, 5, value)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemPoolSetAttribute", pool, 8, value)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemPoolGetAttribute", pool, 9, value)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemPoolTrimTo", pool + 1024, 0L)).isEqualTo(INVALID_VALUE);
    value.set(ValueLayout.JAVA_LONG, 0, 0);
    driver.ok("cuMemPoolSetAttribute", pool, 1, value);
    driver.ok("cuMemPoolSetAttribute", pool, 8, value);
    assertThat(attribute(pool, 1)).isZero();
  }

  @Test
  void pinnedMemoryIsThatOfTheProcess() {
    MemorySegment pinned = pinned(1000, 5);
    assertThat(driver.get("cuMemHostGetDevicePointer", pinned, 0)).isEqualTo(pinned.address());
    assertThat((int) driver.get("cuPointerGetAttribute", 2, pinned.address() + 999)).isEqualTo(1);
    long memory = allocate(1000);
    assertThat((int) driver.get("cuPointerGetAttribute", 2, memory)).isEqualTo(2);
    assertThat(driver.get("cuPointerGetAttribute", 11, memory + 5)).isEqualTo(memory);
    assertThat(driver.get("cuPointerGetAttribute", 12, memory + 5)).isEqualTo(1000);
    driver.ok("cuMemcpyDtoD", memory, pinned.address(), 1000L);
    assertThat(read(memory, 1000)).isEqualTo(bytes(1000, 5));
    free(memory);
    freeHost(pinned);
    MemorySegment out = arena.allocate(8);
    assertThat(driver.call("cuMemFreeHost", pinned)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemHostGetDevicePointer", out, pinned, 0)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuPointerGetAttribute", out, 2, memory)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemHostAlloc", out, 0L, 0)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemHostAlloc", out, 1L << 50, 0)).isEqualTo(OUT_OF_MEMORY);
  }

  @Test
  void bytesWrittenAroundAnAllocationOrAfterItsEndAreFound() {
    MemorySegment pinned = pinned(100, 1);
    MemorySegment around = DriverCalls.at(pinned.address() - 1, 102);
    byte guard = around.get(ValueLayout.JAVA_BYTE, 0);
    around.set(ValueLayout.JAVA_BYTE, 0, (byte) 0);
    around.set(ValueLayout.JAVA_BYTE, 101, (byte) 0);
    assertThat(simulator.damagedGuards()).isEqualTo(2);
    around.set(ValueLayout.JAVA_BYTE, 0, guard);
    around.set(ValueLayout.JAVA_BYTE, 101, guard);
    freeHost(pinned);
    assertThat(pinned.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes(100, 0xDD));
    pinned.set(ValueLayout.JAVA_BYTE, 50, (byte) 1);
    assertThat(simulator.damagedGuards()).isEqualTo(1);
    pinned.set(ValueLayout.JAVA_BYTE, 50, (byte) 0xDD);
    long memory = allocate(100);
    assertThat(driver.call("cuMemcpyDtoH", pinned, memory, 100L)).isEqualTo(INVALID_VALUE);
    free(memory);
  }

  @Test
  void memoryOfTheProcessIsRegisteredOnce() {
    MemorySegment host = arena.allocate(8192, 4096).fill((byte) 3);
    driver.ok("cuMemHostRegister", host, 4096L, 1);
    assertThat(driver.call("cuMemHostRegister", host.asSlice(4095), 2L, 1)).isEqualTo(712);
    assertThat(driver.call("cuMemHostUnregister", host.asSlice(1))).isEqualTo(713);
    long memory = allocate(8192);
    assertThat(driver.call("cuMemcpyHtoD", memory, host, 4097L)).isEqualTo(INVALID_VALUE);
    driver.ok("cuMemcpyHtoD", memory, host.asSlice(4096), 4096L);
    driver.ok("cuMemcpyDtoD", memory + 4096, host.address(), 4096L);
    assertThat(read(memory, 8192)).isEqualTo(bytes(8192, 3));
    free(memory);
    driver.ok("cuMemHostUnregister", host);
    assertThat(driver.call("cuMemHostUnregister", host)).isEqualTo(713);
    assertThat(host.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 3);
    assertThat(driver.call("cuMemHostRegister", 0L, 1L, 0)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemHostRegister", host, 0L, 0)).isEqualTo(INVALID_VALUE);
    assertThat(driver.call("cuMemHostRegister", 4096L, 4096L, 0)).isEqualTo(INVALID_VALUE);
  }

  @Test
  void peersAreNamedByTheirContexts() {
    long here = allocate(100);
    write(here, 4, 100);
    onSecond(
        () -> {
          long there = allocate(100);
          assertThat(driver.call("cuMemcpyPeerAsync", there, first, here, second, 100L, 0L))
              .isEqualTo(INVALID_VALUE);
          assertThat(driver.call("cuMemcpyPeerAsync", there, second + 1, here, first, 100L, 0L))
              .isEqualTo(INVALID_CONTEXT);
          driver.ok("cuMemcpyPeerAsync", there, second, here, first, 100L, 0L);
          assertThat(read(there, 100)).isEqualTo(bytes(100, 4));
          free(there);
        });
    free(here);
  }
}
