package io.kvbm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.cuda.CudaStream.Direction;
import io.kvbm.testkit.RequiredTools;
import io.kvbm.testkit.cuda.CudaSimulator;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CudaDriverTest {

  private CudaSimulator simulator;

  @BeforeEach
  void prepare() {
    RequiredTools.assumeOrFail(
        "gcc", CudaSimulator.missing().isEmpty(), CudaSimulator.missing().orElse("it is there"));
    simulator = CudaSimulator.load();
    simulator.reset(2, 64L << 20);
  }

  @AfterEach
  void nothingIsLeft() {
    simulator.release();
    assertThat(simulator.ledger().values()).as("%s", simulator.ledger()).allMatch(n -> n == 0);
    assertThat(simulator.damagedGuards()).isZero();
  }

  @Test
  void bytesGoToTheDeviceAndBack() {
    try (CudaDevice device = CudaDriver.load().open(1);
        CudaStream stream = device.openStream("test");
        Arena arena = Arena.ofConfined()) {
      long memory = device.allocate(1000);
      MemorySegment host = arena.allocate(1000);
      host.fill((byte) 3);
      stream.copy(Direction.TO_DEVICE, host.address(), memory, 1000);
      stream.fill(memory + 10, (byte) 4, 1);
      host.fill((byte) 0);
      stream.copy(Direction.TO_HOST, memory, host.address(), 1000);
      CompletableFuture<Optional<KvbmException>> end = new CompletableFuture<>();
      stream.whenDone(end::complete);
      assertThat(end.join()).isEmpty();
      assertThat(host.get(ValueLayout.JAVA_BYTE, 9)).isEqualTo((byte) 3);
      assertThat(host.get(ValueLayout.JAVA_BYTE, 10)).isEqualTo((byte) 4);
      device.free(memory);
    }
  }

  @Test
  void outOfMemoryNamesWhatThereIs() {
    try (CudaDevice device = CudaDriver.load().open(0)) {
      assertThatThrownBy(() -> device.allocate(65L << 20))
          .isInstanceOfSatisfying(
              CapacityException.class,
              e -> {
                assertThat(e.requested()).isEqualTo(65L << 20);
                assertThat(e.available()).isEqualTo(64L << 20);
              })
          .hasMessageContaining("CUDA device 0 has 67108864 of 67108864 bytes free");
    }
  }

  @Test
  void anErrorKeepsItsResult() {
    try (CudaDevice device = CudaDriver.load().open(0)) {
      simulator.failNext("cuMemAlloc", 999, 0, 1);
      assertThatThrownBy(() -> device.allocate(1))
          .isInstanceOfSatisfying(
              CudaException.class,
              e -> {
                assertThat(e.nativeCode()).isEqualTo(999);
                assertThat(e.isSticky()).isFalse();
              })
          .hasMessageContaining("CUDA_ERROR_UNKNOWN (999)");
      device.free(device.allocate(1));
    }
  }

  @Test
  void anErrorThatLosesTheContextDisablesTheDeviceAndNoOtherOne() {
    try (CudaDevice other = CudaDriver.load().open(1)) {
      try (CudaDevice device = CudaDriver.load().open(0)) {
        simulator.failNext("cuMemAlloc", 719, 0, 1);
        assertThatThrownBy(() -> device.allocate(1)).isInstanceOf(CudaException.class);
        int calls = simulator.calls("cuMemAlloc");
        assertThatThrownBy(() -> device.allocate(1))
            .isInstanceOfSatisfying(
                CudaException.class,
                e -> {
                  assertThat(e.code()).isEqualTo(ErrorCode.POISONED);
                  assertThat(e.nativeCode()).isEqualTo(719);
                })
            .hasMessageContaining("restart the process");
        assertThat(simulator.calls("cuMemAlloc")).isEqualTo(calls);
      }
      other.free(other.allocate(1));
    }
  }

  @Test
  void whatIsNotThereOrClosedIsSaid() {
    assertThatThrownBy(() -> CudaDriver.load().open(2)).isInstanceOf(CallerException.class);
    CudaDevice device = CudaDriver.load().open(0);
    device.close();
    device.close();
    assertThatThrownBy(device::freeByteSize).isInstanceOf(ClosedException.class);
  }

  @Test
  void pageLockedMemoryIsRegisteredOnce() {
    try (CudaDevice device = CudaDriver.load().open(0);
        Arena arena = Arena.ofConfined()) {
      MemorySegment pages = arena.allocate(8192, 4096);
      device.registerHost(pages.address(), 8192);
      assertThatThrownBy(() -> device.registerHost(pages.address(), 8192))
          .isInstanceOf(CudaException.class);
      device.unregisterHost(pages.address());
      long pinned = device.allocateHost(100, true);
      device.freeHost(pinned);
    }
  }
}
