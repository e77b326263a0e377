package io.kvbm.testkit.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.testkit.RequiredTools;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Two devices of a mebibyte, both retained, the context of the first current; nothing is left. */
@SuppressWarnings("restricted")
abstract class SimulatedDriver {

  static final long MEBIBYTE = 1 << 20;

  CudaSimulator simulator;
  DriverCalls driver;
  Arena arena;
  long first;
  long second;

  @BeforeEach
  void open() {
    RequiredTools.assumeOrFail(
        "gcc", CudaSimulator.missing().isEmpty(), CudaSimulator.missing().orElse("gcc is there"));
    simulator = CudaSimulator.load();
    simulator.reset(2, MEBIBYTE);
    arena = Arena.ofShared();
    driver = new DriverCalls(SymbolLookup.libraryLookup("libcuda.so.1", Arena.global()));
    driver.ok("cuInit", 0);
    first = driver.get("cuDevicePrimaryCtxRetain", 0);
    second = driver.get("cuDevicePrimaryCtxRetain", 1);
    driver.ok("cuCtxPushCurrent", first);
  }

  @AfterEach
  void nothingIsLeft() {
    if (driver == null) {
      return;
    }
    simulator.release();
    driver.call("cuCtxPopCurrent", MemorySegment.NULL);
    driver.call("cuDevicePrimaryCtxRelease", 0);
    driver.call("cuDevicePrimaryCtxRelease", 1);
    arena.close();
    assertThat(simulator.ledger().values()).as("%s", simulator.ledger()).containsOnly(0L);
    assertThat(simulator.damagedGuards()).isZero();
  }

  void onSecond(Runnable calls) {
    driver.ok("cuCtxPushCurrent", second);
    try {
      calls.run();
    } finally {
      driver.ok("cuCtxPopCurrent", MemorySegment.NULL);
    }
  }

  long allocate(long byteSize) {
    return driver.get("cuMemAlloc", byteSize);
  }

  void free(long... addresses) {
    for (long address : addresses) {
      driver.ok("cuMemFree", address);
    }
  }

  /** A stream that does not order with the stream 0. */
  long stream() {
    return driver.get("cuStreamCreate", 1);
  }

  /** Page-locked memory of so many bytes of a value; {@link #freeHost} gives it back. */
  MemorySegment pinned(long byteSize, int value) {
    long address = driver.get("cuMemHostAlloc", byteSize, 0);
    MemorySegment bytes = DriverCalls.at(address, byteSize);
    return bytes.fill((byte) value);
  }

  void freeHost(MemorySegment... pinned) {
    for (MemorySegment bytes : pinned) {
      driver.ok("cuMemFreeHost", bytes);
    }
  }

  /** Pageable memory of a value. */
  MemorySegment pageable(long byteSize, int value) {
    return arena.allocate(byteSize, 8).fill((byte) value);
  }

  /** {@return bytes of a device} */
  byte[] read(long address, int byteSize) {
    MemorySegment bytes = pageable(byteSize, 0);
    driver.ok("cuMemcpyDtoH", bytes, address, (long) byteSize);
    return bytes.toArray(ValueLayout.JAVA_BYTE);
  }

  void write(long address, int value, long byteSize) {
    driver.ok("cuMemcpyHtoD", address, pageable(byteSize, value), byteSize);
  }

  static byte[] bytes(int byteSize, int value) {
    byte[] bytes = new byte[byteSize];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  /** A function for the driver to call, {@code void (*)(void *)}. */
  MemorySegment function(Runnable body) {
    try {
      return Linker.nativeLinker()
          .upcallStub(
              MethodHandles.dropArguments(
                  MethodHandles.lookup()
                      .findVirtual(Runnable.class, "run", MethodType.methodType(void.class))
                      .bindTo(body),
                  0,
                  MemorySegment.class),
              FunctionDescriptor.ofVoid(ValueLayout.ADDRESS),
              arena);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  /** A callback that notes the results it is told, {@code void (*)(CUstream, CUresult, void *)}. */
  MemorySegment callback(List<Integer> results) {
    try {
      return Linker.nativeLinker()
          .upcallStub(
              MethodHandles.insertArguments(
                  MethodHandles.lookup()
                      .findStatic(
                          SimulatedDriver.class,
                          "note",
                          MethodType.methodType(
                              void.class, List.class, long.class, int.class, MemorySegment.class)),
                  0,
                  results),
              FunctionDescriptor.ofVoid(
                  ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS),
              arena);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  static void note(List<Integer> results, long stream, int result, MemorySegment argument) {
    results.add(result);
  }

  /** Starts a call on a thread of its own; it is in the driver when this returns. */
  Thread begin(String name, Runnable call) {
    int before = simulator.calls(name);
    Thread thread =
        Thread.ofPlatform()
            .start(
                () -> {
                  driver.ok("cuCtxPushCurrent", first);
                  call.run();
                  driver.ok("cuCtxPopCurrent", MemorySegment.NULL);
                });
    while (simulator.calls(name) == before) {
      Thread.onSpinWait();
    }
    return thread;
  }

  /** Results of calls that are expected to be all the same. */
  static List<Integer> results(int... results) {
    List<Integer> list = new ArrayList<>();
    for (int result : results) {
      list.add(result);
    }
    return list;
  }
}
