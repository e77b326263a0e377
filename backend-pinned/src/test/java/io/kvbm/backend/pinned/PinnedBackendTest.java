package io.kvbm.backend.pinned;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.storage.StorageType;
import io.kvbm.cuda.CudaDriver;
import io.kvbm.testkit.TestContext;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PinnedBackendTest {

  @BeforeAll
  static void mayLock() {
    theKernelLocks();
    long limit = PosixPages.lockLimit();
    Assumptions.assumeTrue(
        limit == -1 || limit >= 256 << 20,
        "this process may lock " + limit + " bytes only; see 'ulimit -l'");
  }

  static void theKernelLocks() {
    boolean hasDriver;
    try {
      CudaDriver.load();
      hasDriver = true;
    } catch (ConfigurationException _) {
      hasDriver = false;
    }
    Assumptions.assumeFalse(hasDriver, "a CUDA driver locks memory here, not the kernel");
  }

  private static Backend open(BackendConfig config) {
    return new PinnedBackendProvider().open(new TestContext(), config);
  }

  @Test
  void memoryIsLockedWhileItIsUsedAndNotAfterwards() throws IOException {
    long before = LimitedProcess.lockedKibibytes();
    try (Backend backend = open(BackendConfig.of("fallback", "false"))) {
      Storage large = backend.allocators().getFirst().allocate(128L << 20);
      assertThat(LimitedProcess.lockedKibibytes() - before).isEqualTo(128 << 10);
      assertThat(large.type()).isEqualTo(StorageType.PINNED);
      large.close();
      assertThat(LimitedProcess.lockedKibibytes()).isEqualTo(before);
    }
  }

  @TempDir private Path folder;

  @Test
  void theLimitDoesNotBindWhoMayLockEverything() throws IOException {
    Path status = folder.resolve("status");
    Files.writeString(status, "Name:\tjava\nCapEff:\t0000000000004000\n");
    assertThat(PosixPages.mayLockAll(status)).isTrue();
    Files.writeString(status, "Name:\tjava\nCapEff:\t00000000a80425fb\n");
    assertThat(PosixPages.mayLockAll(status)).as("that of a container").isFalse();
    assertThat(PosixPages.mayLockAll(folder.resolve("none"))).isFalse();
  }

  @Test
  void theLimitIsTheOneTheKernelTells() throws IOException {
    String line =
        Files.readAllLines(Path.of("/proc/self/limits")).stream()
            .filter(text -> text.startsWith("Max locked memory"))
            .findFirst()
            .orElseThrow();
    String soft = line.substring("Max locked memory".length()).strip().split("\\s+")[0];
    assertThat(PosixPages.resourceLimit())
        .isEqualTo(soft.equals("unlimited") ? -1 : Long.parseLong(soft));
  }

  @Test
  void smallStoragesAreCarvedFromOneSlab() throws IOException {
    long before = LimitedProcess.lockedKibibytes();
    try (Backend backend = open(BackendConfig.empty())) {
      StorageAllocator allocator = backend.allocators().getFirst();
      List<Storage> storages = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        storages.add(allocator.allocate(500_000));
      }
      assertThat(LimitedProcess.lockedKibibytes() - before).isEqualTo(64 << 10);
      storages.forEach(Storage::close);
      assertThat(LimitedProcess.lockedKibibytes() - before)
          .as("kept for the next")
          .isEqualTo(64 << 10);
    }
    assertThat(LimitedProcess.lockedKibibytes()).isEqualTo(before);
  }

  @Test
  void storagesOutliveTheirBackend() throws IOException {
    long before = LimitedProcess.lockedKibibytes();
    Storage storage;
    try (Backend backend = open(BackendConfig.empty())) {
      storage = backend.allocators().getFirst().allocate(4096);
    }
    storage.memset(7, 0, 4096);
    assertThat(storage.view().get(ValueLayout.JAVA_BYTE, 4095)).isEqualTo((byte) 7);
    storage.close();
    assertThat(LimitedProcess.lockedKibibytes()).isEqualTo(before);
  }

  @Test
  void theBudgetIsKeptAndGivenBack() {
    try (Backend backend = open(BackendConfig.of("budget", "1MiB"))) {
      StorageAllocator allocator = backend.allocators().getFirst();
      Storage first = allocator.allocate(1 << 20);
      assertThatThrownBy(() -> allocator.allocate(1))
          .isInstanceOf(CapacityException.class)
          .hasMessageContaining("0 of its budget of 1048576 bytes left");
      first.close();
      allocator.allocate(1 << 20).close();
    }
  }

  @Test
  void whoAsksForTooMuchTakesNothingFromOthers() throws Exception {
    try (Backend backend = open(BackendConfig.of("budget", "1MiB"))) {
      StorageAllocator allocator = backend.allocators().getFirst();
      Storage kept = allocator.allocate(4096);
      AtomicBoolean ended = new AtomicBoolean();
      Thread greedy =
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (!ended.get()) {
                      assertThatThrownBy(() -> allocator.allocate(Long.MAX_VALUE - 4096))
                          .isInstanceOf(CapacityException.class);
                    }
                  });
      try {
        for (int i = 0; i < 20_000; i++) {
          allocator.allocate(4096).close();
        }
      } finally {
        ended.set(true);
        greedy.join();
        kept.close();
      }
    }
  }

  @Test
  void aNodeThatIsNotThereIsAClearError() {
    try (Backend backend = open(BackendConfig.of("numaNode", "63"))) {
      assertThatThrownBy(() -> backend.allocators().getFirst().allocate(4096))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("NUMA node 63");
    }
  }

  @Test
  void theProbeSaysHowMemoryIsLocked() {
    assertThat(new PinnedBackendProvider().probe(BackendConfig.empty()))
        .isInstanceOfSatisfying(
            Availability.Available.class,
            available -> assertThat(available.details()).startsWith("locked by the kernel"));
  }

  @Test
  void theStorageOfTheSpecificationNeedsNoBackend() {
    try (PinnedStorage storage = new PinnedStorage(1 << 20);
        Storage other = new PinnedAllocator().allocate(1 << 20)) {
      assertThat(storage.byteSize()).isEqualTo(1 << 20);
      assertThat(other.address()).isNotEqualTo(storage.address());
    }
  }
}
