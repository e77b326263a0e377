package io.kvbm.cli.backends;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.KvbmException;
import io.kvbm.api.cache.DeviceCache;
import io.kvbm.core.Platform;
import io.kvbm.core.cache.GpuCache;
import io.kvbm.cuda.CudaDevice;
import io.kvbm.cuda.CudaDriver;
import io.kvbm.cuda.CudaStream;
import io.kvbm.cuda.CudaStream.Direction;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.RequiredTools;
import io.kvbm.testkit.cuda.CudaSimulator;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The device cache in device memory: the pointers it gives hold the values. GPUs are simulated,
 * unless {@code CUDA_UNDER_TEST} is {@code real}.
 */
class DeviceCacheOnCudaTest {

  private static final int VALUE_BYTE_SIZE = 10_000;
  private static final int OUT_OF_MEMORY = 2;
  private static final int LAUNCH_FAILED = 719;

  private @Nullable CudaSimulator simulator;
  private Platform platform;
  private CudaDevice device;
  private CudaStream stream;

  @BeforeEach
  void open() {
    if (!"real".equals(System.getenv("CUDA_UNDER_TEST"))) {
      RequiredTools.assumeOrFail(
          "gcc", CudaSimulator.missing().isEmpty(), CudaSimulator.missing().orElse("it is there"));
      simulator = CudaSimulator.load();
      simulator.reset(1, 256L << 20);
    }
    platform = Platform.load();
    device = CudaDriver.load().open(0);
    stream = device.openStream("test");
  }

  @AfterEach
  void close() {
    stream.close();
    device.close();
    platform.close();
    if (simulator != null) {
      simulator.clearError();
      assertThat(simulator.ledger().values()).as("%s", simulator.ledger()).allMatch(n -> n == 0);
      assertThat(simulator.damagedGuards()).isZero();
    }
  }

  private static void put(GpuCache cache, int value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(VALUE_BYTE_SIZE);
      BytePatterns.fill(bytes, value);
      cache.cache("value " + value, bytes);
    }
  }

  /** Reads what a pointer points to, as a kernel would. */
  private void verify(long devicePointer, int value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(VALUE_BYTE_SIZE);
      stream.copy(Direction.TO_HOST, devicePointer, bytes.address(), VALUE_BYTE_SIZE);
      stream.await();
      BytePatterns.verify(bytes, value, "value " + value);
    }
  }

  @Test
  void pointersHoldTheValuesAlsoWhereOthersWereEvicted() {
    try (GpuCache cache =
        GpuCache.builder(platform.allocator("device"), 10L * VALUE_BYTE_SIZE)
            .platform(platform)
            .build()) {
      for (int value = 0; value < 100; value++) {
        put(cache, value);
        verify(cache.devicePointer("value " + value).orElseThrow(), value);
      }
      assertThat(cache.statistics().evictions()).isGreaterThanOrEqualTo(90);
      int resident = 0;
      for (int value = 0; value < 100; value++) {
        try (DeviceCache.Pin pin = cache.pin("value " + value).orElse(null)) {
          if (pin != null) {
            resident++;
            verify(pin.devicePointer(), value);
          }
        }
      }
      assertThat(resident).isBetween(5, 10);
    }
  }

  @Test
  void aCopyThatFailsLeavesNoValue() {
    Assumptions.assumeTrue(simulator != null, "a real driver is not told to fail");
    try (GpuCache cache =
        GpuCache.builder(platform.allocator("device"), 10L * VALUE_BYTE_SIZE)
            .platform(platform)
            .build()) {
      put(cache, 1);
      simulator.failNext("cuMemcpyHtoDAsync", OUT_OF_MEMORY, 0, -1);
      assertThatThrownBy(() -> put(cache, 2))
          .isInstanceOfAny(KvbmException.class, CompletionException.class)
          .hasMessageContaining("cuMemcpyHtoDAsync");
      assertThat(cache.devicePointer("value 2")).isEmpty();
      verify(cache.devicePointer("value 1").orElseThrow(), 1);
    }
  }

  @Test
  void aLostContextEndsAsFailuresAndMisses() {
    Assumptions.assumeTrue(simulator != null, "a real driver is not told to fail");
    try (GpuCache cache =
        GpuCache.builder(platform.allocator("device"), 10L * VALUE_BYTE_SIZE)
            .platform(platform)
            .build()) {
      simulator.failNext("copy", LAUNCH_FAILED, 0, 1);
      assertThatThrownBy(() -> put(cache, 1)).isInstanceOf(KvbmException.class);
      assertThatThrownBy(() -> put(cache, 2)).isInstanceOf(KvbmException.class);
      assertThat(cache.devicePointer("value 1")).isEmpty();
      assertThat(cache.devicePointer("value 2")).isEmpty();
    }
  }
}
