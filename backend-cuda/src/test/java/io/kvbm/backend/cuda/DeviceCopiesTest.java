package io.kvbm.backend.cuda;

import static io.kvbm.backend.cuda.Copies.copy;
import static io.kvbm.backend.cuda.Copies.move;
import static io.kvbm.backend.cuda.Copies.open;
import static io.kvbm.backend.cuda.Copies.scattered;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.spi.Backend;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.cuda.CudaDevice;
import io.kvbm.cuda.CudaDriver;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.cuda.CudaSimulator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Copies by the simulator, and by a real driver where {@link Driver} is told so. */
class DeviceCopiesTest {

  private @Nullable CudaSimulator simulator;

  @BeforeEach
  void prepare() {
    simulator = Driver.prepare().orElse(null);
  }

  @AfterEach
  void nothingIsLeft() {
    if (simulator != null) {
      assertThat(simulator.ledger().values()).as("%s", simulator.ledger()).allMatch(n -> n == 0);
      assertThat(simulator.damagedGuards()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "calls", "kernel"})
  void manySmallRegionsArriveHoweverTheyAreCopied(String how) {
    int regions = 1024;
    int size = 1000; // of no alignment that a kernel would like
    try (Backend backend = open("smallCopies", how);
        Storage first = backend.allocators().getFirst().allocate((long) regions * size);
        Storage second = backend.allocators().getFirst().allocate((long) regions * size);
        HostStorage host = new HostStorage((long) regions * size)) {
      BytePatterns.fill(host.mutableView(), 9);
      copy(backend, host, first);
      TransferBatch batch = scattered(first, second, regions, size);
      assertThat(move(backend, batch)).hasSize(regions / 8).allMatch(BlockOutcome::isDone);
      HostStorage back = new HostStorage((long) regions * size);
      copy(backend, second, back);
      for (int i = 0; i < regions; i++) {
        long from = batch.sourceOffset(i);
        long to = batch.targetOffset(i);
        assertThat(back.view().asSlice(to, size).mismatch(host.view().asSlice(from, size)))
            .isEqualTo(-1);
      }
      back.close();
    }
    if (simulator != null) {
      assertThat(simulator.calls("cuLaunchKernel")).isEqualTo(how.equals("calls") ? 0 : 1);
    }
  }

  @Test
  void devicesCopyToEachOther() {
    Assumptions.assumeTrue(CudaDriver.load().deviceCount() > 1, "there is one device only");
    try (Backend zero = open();
        Backend one = open("device", "1");
        Storage source = zero.allocators().getFirst().allocate(100_000);
        Storage target = one.allocators().getFirst().allocate(100_000);
        HostStorage host = new HostStorage(100_000);
        HostStorage back = new HostStorage(100_000)) {
      assertThat(target.type()).isEqualTo(StorageType.device(1));
      BytePatterns.fill(host.mutableView(), 4);
      copy(zero, host, source);
      copy(zero, source, target);
      copy(one, target, back);
      BytePatterns.verify(back.view(), 4, "from device to device");
    }
  }

  @Test
  void tenThousandStoragesAndAThousandBackendsLeaveNothing() {
    try (Backend backend = open()) {
      for (int i = 0; i < 10_000; i++) {
        backend.allocators().getFirst().allocate(1 + i * 7 % 100_000).close();
      }
      if (simulator != null) {
        assertThat(simulator.calls("cuMemAlloc")).as("they share a slab").isEqualTo(1);
      }
      for (int i = 0; i < 10; i++) {
        backend.allocators().getFirst().allocate(20L << 20).close(); // had alone
      }
      if (simulator != null) {
        assertThat(simulator.calls("cuMemFree")).isGreaterThanOrEqualTo(10);
      }
    }
    for (int i = 0; i < 1_000; i++) {
      open().close();
    }
  }

  @Test
  void aDeviceIsUsedFromVirtualThreads() throws Exception {
    try (CudaDevice device = CudaDriver.load().open(0)) {
      Thread[] threads = new Thread[50];
      for (int i = 0; i < threads.length; i++) {
        threads[i] =
            Thread.ofVirtual()
                .start(
                    () -> {
                      long address = device.allocate(4096);
                      Thread.yield();
                      device.free(address);
                    });
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }
  }
}
