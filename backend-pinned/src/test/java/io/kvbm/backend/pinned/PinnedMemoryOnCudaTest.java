package io.kvbm.backend.pinned;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CapacityException;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.RequiredTools;
import io.kvbm.testkit.TestContext;
import io.kvbm.testkit.cuda.CudaSimulator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** In a process of its own: where a driver is loaded, everything is registered with it. */
class PinnedMemoryOnCudaTest {

  private static final int INVALID_VALUE = 1;
  private static final int ILLEGAL_ADDRESS = 700;

  private CudaSimulator simulator;

  @BeforeEach
  void prepare() {
    RequiredTools.assumeOrFail(
        "gcc", CudaSimulator.missing().isEmpty(), CudaSimulator.missing().orElse("it is there"));
    simulator = CudaSimulator.load();
    simulator.reset(1, 1 << 20);
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(simulator.ledger().values()).as("%s", simulator.ledger()).allMatch(n -> n == 0);
    assertThat(simulator.damagedGuards()).isZero();
  }

  private static Backend open(String key, String value) {
    return new PinnedBackendProvider().open(new TestContext(), BackendConfig.of(key, value));
  }

  @Test
  void aSlabIsRegisteredOnceForAllWhoShareIt() {
    try (Backend backend = open("fallback", "false")) {
      Storage first = backend.allocators().getFirst().allocate(1000);
      Storage second = backend.allocators().getFirst().allocate(1000);
      assertThat(simulator.calls("cuMemHostRegister")).isEqualTo(1);
      BytePatterns.fill(first.mutableView(), 1);
      BytePatterns.fill(second.mutableView(), 2);
      BytePatterns.verify(first.view(), 1, "beside another");
      first.close();
      second.close();
      assertThat(simulator.ledger()).containsEntry("registered", 1L);
    }
  }

  @Test
  void writeCombinedMemoryComesFromTheDriver() {
    try (Backend backend = open("writeCombined", "true");
        Storage storage = backend.allocators().getFirst().allocate(100 << 20)) {
      assertThat(simulator.ledger()).containsEntry("pinned", 1L).containsEntry("registered", 0L);
      BytePatterns.fill(storage.mutableView(), 3);
    }
  }

  @Test
  void writeCombinedMemoryTheBindingCannotHandOutIsRefused() {
    try (Backend backend = open("writeCombined", "true")) {
      assertThatThrownBy(() -> backend.allocators().getFirst().allocate(3L << 30))
          .isInstanceOf(CapacityException.class)
          .hasMessageContaining("writeCombined");
      assertThat(simulator.calls("cuMemHostAlloc")).isZero();
    }
  }

  @Test
  void tenThousandStoragesAndAThousandBackendsLeaveNothing() {
    try (Backend backend = open("fallback", "false")) {
      for (int i = 0; i < 10_000; i++) {
        backend.allocators().getFirst().allocate(1 + i * 7 % 100_000).close();
      }
      assertThat(simulator.calls("cuMemHostRegister")).as("they share a slab").isEqualTo(1);
      backend.allocators().getFirst().allocate(20L << 20).close(); // had alone
      assertThat(simulator.calls("cuMemHostUnregister")).isEqualTo(1);
    }
    for (int i = 0; i < 1_000; i++) {
      open("fallback", "false").close();
    }
  }

  @Test
  void memoryIsGivenBackWhereTheContextIsLost() {
    try (Backend backend = open("fallback", "true")) {
      Storage before = backend.allocators().getFirst().allocate(1000);
      simulator.failNext("cuMemHostRegister", ILLEGAL_ADDRESS, 0, 1);
      try (Storage after = backend.allocators().getFirst().allocate(100L << 20)) {
        after.memset(1, 0, 1000); // taken unlocked
      }
      before.close();
    }
    assertThat(simulator.ledger().get("contexts")).isZero();
    simulator.clearError();
  }

  @Test
  void whatCannotBeRegisteredIsRefusedWhereNoFallbackIsAllowed() {
    try (Backend backend = open("fallback", "false")) {
      simulator.failNext("cuMemHostRegister", INVALID_VALUE, 0, 2);
      assertThatThrownBy(() -> backend.allocators().getFirst().allocate(1000))
          .isInstanceOf(CapacityException.class)
          .hasMessageContaining("cannot be page-locked")
          .hasMessageContaining("CUDA_ERROR_INVALID_VALUE");
    }
  }

  @Test
  void andTakenUnlockedWhereItIs() {
    try (Backend backend = open("fallback", "true")) {
      simulator.failNext("cuMemHostRegister", INVALID_VALUE, 0, 2); // a slab, what is needed of it
      try (Storage storage = backend.allocators().getFirst().allocate(1000)) {
        assertThat(simulator.ledger()).containsEntry("registered", 0L);
        storage.memset(1, 0, 1000);
      }
    }
  }

  @Test
  void theProbeNamesTheDriver() {
    assertThat(new PinnedBackendProvider().probe(BackendConfig.empty()))
        .isEqualTo(new Availability.Available("registered with CUDA 12.6"));
  }
}
