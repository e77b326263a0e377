package io.kvbm.backend.cuda;

import static io.kvbm.backend.cuda.Copies.copy;
import static io.kvbm.backend.cuda.Copies.move;
import static io.kvbm.backend.cuda.Copies.open;
import static io.kvbm.backend.cuda.Copies.scattered;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.BackendException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.cuda.CudaSimulator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What only the simulator can be told to do. */
class CudaTransportTest {

  private static final int ILLEGAL_ADDRESS = 700;
  private static final int UNSUPPORTED_PTX_VERSION = 222;

  private CudaSimulator simulator;

  @BeforeEach
  void prepare() {
    simulator = Driver.prepare().orElse(null);
    Assumptions.assumeTrue(simulator != null, "a real driver is not told to fail");
  }

  @AfterEach
  void nothingIsLeft() {
    if (simulator != null) {
      simulator.release();
      simulator.clearError();
      assertThat(simulator.ledger().values()).as("%s", simulator.ledger()).allMatch(n -> n == 0);
      assertThat(simulator.damagedGuards()).isZero();
    }
  }

  @Test
  void theKernelTouchesNoMemoryThatTheDriverDoesNotKnow() {
    int regions = 256;
    int size = 100;
    try (Backend backend = open("smallCopies", "kernel");
        Storage pinned = new PinnedBytes((long) regions * size, null); // could not be registered
        Storage device = backend.allocators().getFirst().allocate((long) regions * size);
        Storage back = new PinnedBytes((long) regions * size, null)) {
      BytePatterns.fill(pinned.mutableView(), 3);
      assertThat(move(backend, scattered(pinned, device, regions, size)))
          .allMatch(BlockOutcome::isDone);
      assertThat(move(backend, scattered(device, back, regions, size)))
          .allMatch(BlockOutcome::isDone);
      TransferBatch batch = scattered(pinned, device, regions, size);
      HostStorage seen = new HostStorage((long) regions * size);
      copy(backend, device, seen);
      for (int i = 0; i < regions; i++) {
        long from = batch.sourceOffset(i);
        long to = batch.targetOffset(i);
        assertThat(seen.view().asSlice(to, size).mismatch(pinned.view().asSlice(from, size)))
            .isEqualTo(-1);
        assertThat(back.view().asSlice(to, size).mismatch(seen.view().asSlice(from, size)))
            .isEqualTo(-1);
      }
      seen.close();
    }
    assertThat(simulator.calls("cuLaunchKernel")).isZero();
  }

  @Test
  void whereTheKernelDoesNotCompileCallsCopy() {
    int regions = 256;
    try (Backend backend = open("smallCopies", "kernel");
        Storage first = backend.allocators().getFirst().allocate(regions * 100);
        Storage second = backend.allocators().getFirst().allocate(regions * 100)) {
      simulator.failNext("cuModuleLoadData", UNSUPPORTED_PTX_VERSION, 0, 1);
      TransferBatch batch = scattered(first, second, regions, 100);
      assertThat(move(backend, batch)).allMatch(BlockOutcome::isDone);
      assertThat(move(backend, batch)).allMatch(BlockOutcome::isDone);
      assertThat(simulator.calls("cuModuleLoadData")).as("tried once").isEqualTo(1);
      assertThat(simulator.calls("cuLaunchKernel")).isZero();
    }
  }

  @Test
  void blocksOfRegularRegionsTakeACallEach() {
    int size = 4096;
    int layers = 64;
    int blocks = 16;
    try (Backend backend = open("smallCopies", "calls");
        Storage device = backend.allocators().getFirst().allocate((long) size * layers * blocks);
        Storage other = backend.allocators().getFirst().allocate((long) size * layers * blocks)) {
      TransferBatch.Builder batch = TransferBatch.builder();
      for (int i = 0; i < blocks * layers; i++) {
        int block = i / layers;
        int layer = i % layers;
        long contiguous = (long) (block * 5 % blocks * layers + layer) * size;
        long byLayer = (long) (layer * blocks + block * 3 % blocks) * size;
        batch.add(block, device, contiguous, other, byLayer, size);
      }
      int before = simulator.calls("cuMemcpy2DAsync");
      assertThat(move(backend, batch.build())).allMatch(BlockOutcome::isDone);
      assertThat(simulator.calls("cuMemcpy2DAsync") - before).isEqualTo(blocks);
    }
  }

  @Test
  void aCallThatFailsFailsItsBlocksAndOnlyThem() {
    try (Backend backend = open();
        Storage source = backend.allocators().getFirst().allocate(1 << 16);
        Storage target = backend.allocators().getFirst().allocate(1 << 16)) {
      TransferBatch batch =
          TransferBatch.builder()
              .add(0, source, 0, target, 0, 100)
              .add(1, source, 900, target, 500, 101)
              .add(2, source, 3000, target, 4000, 102)
              .build();
      simulator.failNext("cuMemcpyDtoDAsync", 1, 1, 1);
      List<BlockOutcome> outcomes = move(backend, batch);
      assertThat(outcomes.get(0)).isEqualTo(new BlockOutcome.Done(100));
      assertThat(outcomes.get(1))
          .isInstanceOfSatisfying(
              BlockOutcome.Failed.class,
              failed -> {
                assertThat(failed.cause().code()).isEqualTo(ErrorCode.CUDA);
                assertThat(((BackendException) failed.cause()).nativeCode()).isEqualTo(1);
                assertThat(failed.cause()).hasMessageContaining("cuMemcpyDtoDAsync");
              });
      assertThat(outcomes.get(2)).isEqualTo(new BlockOutcome.Done(102));
    }
  }

  @Test
  void workThatFailsOnTheDeviceFailsWhatWasStartedWithIt() {
    try (Backend backend = open();
        Storage source = backend.allocators().getFirst().allocate(1 << 16);
        Storage target = backend.allocators().getFirst().allocate(1 << 16)) {
      TransferBatch batch =
          TransferBatch.builder()
              .add(0, source, 0, target, 0, 100)
              .add(1, source, 900, target, 500, 101)
              .build();
      simulator.failNext("copy", ILLEGAL_ADDRESS, 1, 1);
      assertThat(move(backend, batch)).noneMatch(BlockOutcome::isDone);
      assertThat(new CudaBackendProvider().probe(BackendConfig.empty()))
          .isInstanceOfSatisfying(
              Availability.Unavailable.class,
              unavailable -> assertThat(unavailable.reason()).contains("disabled"));
      assertThatThrownBy(() -> backend.allocators().getFirst().allocate(100))
          .isInstanceOfSatisfying(
              KvbmException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.POISONED));
      assertThat(move(backend, batch)).noneMatch(BlockOutcome::isDone);
    }
  }

  @Test
  void aFullDeviceIsACapacityErrorAndSlabsNobodyUsesAreGivenBackFirst() {
    try (Backend backend = open()) {
      var allocator = backend.allocators().getFirst();
      Storage small = allocator.allocate(1 << 20);
      small.close(); // its slab is kept
      try (Storage _ = allocator.allocate(200L << 20)) {
        assertThatThrownBy(() -> allocator.allocate(100L << 20))
            .isInstanceOf(CapacityException.class)
            .hasMessageContaining("CUDA device 0");
      }
      allocator.allocate(200L << 20).close();
    }
  }

  @Test
  void closingWaitsForWhatIsInFlight() throws Exception {
    Backend backend = open();
    Storage source = backend.allocators().getFirst().allocate(1000);
    Storage target = backend.allocators().getFirst().allocate(1000);
    simulator.hold();
    RecordingCompletion completion = new RecordingCompletion(1);
    backend
        .transports()
        .getFirst()
        .submit(TransferBatch.builder().add(0, source, 0, target, 0, 1000).build(), completion);
    Thread closing = Thread.ofPlatform().start(backend::close);
    while (closing.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    simulator.release();
    closing.join();
    assertThat(completion.await()).containsExactly(new BlockOutcome.Done(1000));
    source.close();
    target.close();
  }

  @Test
  void theStorageOfTheSpecificationNeedsNoBackend() {
    try (DeviceStorage storage = new DeviceStorage(1 << 20, 1);
        Storage other = new DeviceAllocator().allocate(1 << 20)) {
      assertThat(storage.type()).isEqualTo(StorageType.device(1));
      assertThat(other.type()).isEqualTo(StorageType.device(0));
    }
  }

  @Test
  void aDeviceThatIsNotThereIsAClearError() {
    assertThat(new CudaBackendProvider().probe(BackendConfig.of("device", "7")))
        .isInstanceOfSatisfying(
            Availability.Unavailable.class,
            unavailable ->
                assertThat(unavailable.reason()).contains("no CUDA device 7; there are 2"));
  }
}
