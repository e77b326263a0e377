package io.kvbm.testkit.cuda;

import static io.kvbm.testkit.cuda.DriverCalls.ILLEGAL_ADDRESS;
import static io.kvbm.testkit.cuda.DriverCalls.INVALID_CONTEXT;
import static io.kvbm.testkit.cuda.DriverCalls.INVALID_HANDLE;
import static io.kvbm.testkit.cuda.DriverCalls.INVALID_VALUE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class CudaKernelTest extends SimulatedDriver {

  private static final String CODE =
      """
      // copies .entry nothing
      .version 7.0
      .target sm_52
      /* .entry hidden */
      .visible .entry kvbm_copy_regions(.param .u64 table, .param .u32 count) { ret; }
      .visible .entry another() { ret; }
      """;

  private long load() {
    return driver.get("cuModuleLoadData", arena.allocateFrom(CODE));
  }

  private long kernel(long module) {
    return driver.get("cuModuleGetFunction", module, arena.allocateFrom("kvbm_copy_regions"));
  }

  private int launch(long kernel, int grid, int block, long stream, long table, int count) {
    MemorySegment parameters = arena.allocate(16, 8);
    parameters.setAtIndex(
        ValueLayout.JAVA_LONG, 0, arena.allocateFrom(ValueLayout.JAVA_LONG, table).address());
    parameters.setAtIndex(
        ValueLayout.JAVA_LONG, 1, arena.allocateFrom(ValueLayout.JAVA_INT, count).address());
    return driver.call(
        "cuLaunchKernel", kernel, grid, 1, 1, block, 1, 1, 0, stream, parameters, 0L);
  }

  /** Records {source, target, bytes} in page-locked memory. */
  private MemorySegment table(long... words) {
    MemorySegment table = pinned(8L * words.length, 0);
    MemorySegment.copy(words, 0, table, ValueLayout.JAVA_LONG, 0, words.length);
    return table;
  }

  @Test
  void regionsAreCopiedAsTheTableSaysWhenTheKernelRuns() {
    long module = load();
    long kernel = kernel(module);
    long stream = stream();
    long memory = allocate(100);
    write(memory, 1, 100);
    MemorySegment host = pinned(100, 2);
    MemorySegment back = pinned(100, 0);
    MemorySegment table =
        table(host.address(), memory + 10, 5, memory, 0, 100, host.address(), memory, 0);
    simulator.hold();
    assertThat(launch(kernel, 1, 256, stream, table.address(), 3)).isZero();
    assertThat(launch(kernel, 65536, 1, stream, table.address(), 0)).isZero();
    table.setAtIndex(ValueLayout.JAVA_LONG, 4, back.address());
    simulator.release();
    driver.ok("cuStreamSynchronize", stream);
    byte[] expected = bytes(100, 1);
    Arrays.fill(expected, 10, 15, (byte) 2);
    assertThat(back.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
    long copy = allocate(table.byteSize());
    driver.ok("cuMemcpyHtoD", copy, table, table.byteSize());
    back.fill((byte) 0);
    assertThat(launch(kernel, 1, 256, stream, copy, 3)).isZero();
    driver.ok("cuCtxSynchronize");
    assertThat(back.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
    driver.ok("cuStreamDestroy", stream);
    driver.ok("cuModuleUnload", module);
    free(memory, copy);
    freeHost(host, back, table);
  }

  @Test
  void onlyCodeIsLoadedAndOnlyItsEntriesAreFound() {
    MemorySegment out = arena.allocate(8);
    assertThat(driver.call("cuModuleLoadData", out, arena.allocateFrom("\u007fELF")))
        .isEqualTo(200);
    assertThat(driver.call("cuModuleLoadData", out, arena.allocateFrom(".version 7.0\n.func f")))
        .isEqualTo(218);
    long module = driver.get("cuModuleLoadDataEx", arena.allocateFrom(CODE), 0, 0L, 0L);
    long kernel = kernel(module);
    assertThat(kernel(module)).isEqualTo(kernel);
    for (String name : new String[] {"nothing", "hidden", "kvbm_copy", "anothe", "ret"}) {
      assertThat(driver.call("cuModuleGetFunction", out, module, arena.allocateFrom(name)))
          .as(name)
          .isEqualTo(500);
    }
    assertThat((int) driver.get("cuFuncGetAttribute", 0, kernel)).isEqualTo(1024);
    long other = driver.get("cuModuleGetFunction", module, arena.allocateFrom("another"));
    assertThat(launch(other, 1, 1, 0L, 0L, 0)).isEqualTo(801);
    driver.ok("cuModuleUnload", module);
    assertThat(
            results(
                driver.call("cuModuleUnload", module),
                driver.call("cuModuleGetFunction", out, module, arena.allocateFrom("another")),
                driver.call("cuFuncGetAttribute", out, 0, kernel),
                launch(kernel, 1, 1, 0L, 0L, 0)))
        .containsOnly(INVALID_HANDLE);
  }

  @Test
  void shapesThatNoDeviceHasAreRefused() {
    long module = load();
    long kernel = kernel(module);
    assertThat(
            results(
                launch(kernel, 0, 1, 0L, 0L, 0),
                launch(kernel, 1, 0, 0L, 0L, 0),
                launch(kernel, 1, 1025, 0L, 0L, 0),
                launch(kernel, -1, 1, 0L, 0L, 0),
                driver.call("cuLaunchKernel", kernel, 1, 1, 1, 1, 1, 1, 0, 0L, 0L, 0L)))
        .containsOnly(INVALID_VALUE);
    onSecond(() -> assertThat(launch(kernel, 1, 1, 0L, 0L, 0)).isEqualTo(INVALID_HANDLE));
    assertThat(launch(kernel, 1, 1, 8L, 0L, 0)).isEqualTo(INVALID_HANDLE);
    driver.ok("cuModuleUnload", module);
  }

  private void assertLost(int result, long... words) {
    long kernel = kernel(load());
    MemorySegment table = table(words);
    assertThat(launch(kernel, 1, 1, 0L, table.address(), words.length / 3)).isZero();
    assertThat(driver.call("cuStreamSynchronize", 0L)).isEqualTo(result);
    assertThat(driver.call("cuCtxSynchronize")).isEqualTo(result);
    assertThat(driver.call("cuMemFreeHost", table)).isEqualTo(result);
  }

  @Test
  void aRecordThatLeavesItsAllocationLosesTheContext() {
    long memory = allocate(100);
    MemorySegment host = pinned(100, 7);
    assertLost(ILLEGAL_ADDRESS, memory, host.address(), 100, host.address(), memory + 50, 51);
    assertThat(host.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes(100, 0xCD));
  }

  @Test
  void pageableMemoryIsOutOfReachOfAKernel() {
    assertLost(ILLEGAL_ADDRESS, pageable(10, 0).address(), allocate(10), 10);
  }

  @Test
  void freedMemoryIsOutOfReachOfAKernel() {
    long memory = allocate(10);
    free(memory);
    assertLost(ILLEGAL_ADDRESS, memory, allocate(10), 10);
  }

  @Test
  void aTableThatIsTooShortOrNotAlignedLosesTheContext() {
    long kernel = kernel(load());
    MemorySegment table = table(0, 0, 0);
    assertThat(launch(kernel, 1, 1, 0L, table.address(), 2)).isZero();
    assertThat(driver.call("cuCtxSynchronize")).isEqualTo(ILLEGAL_ADDRESS);
    simulator.clearError();
    assertThat(launch(kernel, 1, 1, 0L, table.address() + 4, 0)).isZero();
    assertThat(driver.call("cuCtxSynchronize")).isEqualTo(716);
  }

  @Test
  void aKernelReachesThePeersItWasGiven() {
    long[] there = new long[1];
    onSecond(() -> there[0] = allocate(10));
    long module = load();
    long kernel = kernel(module);
    long memory = allocate(10);
    MemorySegment table = table(there[0], memory, 10);
    driver.ok("cuCtxEnablePeerAccess", second, 0);
    assertThat(driver.call("cuCtxEnablePeerAccess", second, 0)).isEqualTo(704);
    assertThat(driver.call("cuCtxEnablePeerAccess", first, 0)).isEqualTo(INVALID_CONTEXT);
    assertThat(launch(kernel, 1, 1, 0L, table.address(), 1)).isZero();
    driver.ok("cuCtxSynchronize");
    driver.ok("cuCtxDisablePeerAccess", second);
    assertThat(driver.call("cuCtxDisablePeerAccess", second)).isEqualTo(705);
    assertThat(launch(kernel, 1, 1, 0L, table.address(), 1)).isZero();
    assertThat(driver.call("cuCtxSynchronize")).isEqualTo(ILLEGAL_ADDRESS);
    simulator.clearError();
    driver.ok("cuModuleUnload", module);
    free(memory);
    freeHost(table);
    onSecond(() -> free(there[0]));
  }

  @Test
  void freeingWaitsForKernelsThatAreQueued() throws InterruptedException {
    long module = load();
    long kernel = kernel(module);
    long stream = stream();
    long memory = allocate(10);
    long other = allocate(10);
    MemorySegment table = table(other, memory, 10);
    write(other, 1, 10);
    simulator.hold();
    assertThat(launch(kernel, 1, 1, stream, table.address(), 1)).isZero();
    Thread thread = begin("cuMemFree", () -> free(other));
    assertThat(simulator.live("device")).isEqualTo(2);
    simulator.release();
    thread.join();
    driver.ok("cuStreamSynchronize", stream);
    assertThat(read(memory, 10)).isEqualTo(bytes(10, 1));
    driver.ok("cuStreamDestroy", stream);
    driver.ok("cuModuleUnload", module);
    free(memory);
    freeHost(table);
  }
}
