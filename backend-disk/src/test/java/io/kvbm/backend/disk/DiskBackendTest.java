package io.kvbm.backend.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.testkit.TestContext;
import io.kvbm.testkit.disk.SimDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskBackendTest {

  @TempDir Path directory;

  private final DiskBackendProvider provider = new DiskBackendProvider();

  @Test
  void theProbeSaysHowFilesAreReached() {
    BackendConfig config = BackendConfig.of("dir", directory.toString()).with("direct", "false");
    assertThat(provider.probe(config))
        .isEqualTo(
            new Availability.Available(directory + ", buffered: direct is false, engine buffered"));
  }

  @Test
  void theProbeNamesTheEngine() {
    DirectDirectory.assume(directory);
    BackendConfig config = BackendConfig.of("dir", directory.toString());
    assertThat(provider.probe(config))
        .isInstanceOfSatisfying(
            Availability.Available.class,
            available ->
                assertThat(available.details()).containsPattern("engine (io_uring|direct:)"));
    assertThat(provider.probe(config.with("engine", "direct")))
        .isEqualTo(new Availability.Available(directory + ", direct, engine direct"));
  }

  @Test
  void theEngineIsOneAndEndsWithTheBackend() {
    BackendConfig config = BackendConfig.of("dir", directory.toString());
    try (TestContext context = new TestContext()) {
      DiskBackend backend = (DiskBackend) provider.open(context, config);
      IoEngine engine = backend.engine();
      assertThat(backend.engine()).isSameAs(engine);
      backend.close();
      assertThatThrownBy(() -> engine.submit(List.of())).isInstanceOf(ClosedException.class);
      assertThatThrownBy(backend::engine).isInstanceOf(ClosedException.class);
    }
  }

  @Test
  void aLentDiskIsServedByThreadsAndNotTriedOut() {
    SimDisk lent = SimDisk.of(1);
    try (TestContext context = new TestContext(Optional.of(lent), MemoryBudget.UNLIMITED);
        DiskBackend backend =
            (DiskBackend) provider.open(context, BackendConfig.of("dir", "/cache"))) {
      assertThat(backend.engine().name()).isEqualTo("buffered");
      assertThat(lent.exists(Path.of("/cache"))).isFalse();
    }
    try (TestContext context = new TestContext(Optional.of(lent), MemoryBudget.UNLIMITED);
        DiskBackend backend =
            (DiskBackend) provider.open(context, BackendConfig.of("engine", "io_uring"))) {
      assertThatThrownBy(backend::engine).isInstanceOf(ConfigurationException.class);
    }
  }

  @Test
  void theProbeMakesNoDirectory() {
    Path missing = directory.resolve("a/b");
    assertThat(provider.probe(BackendConfig.of("dir", missing.toString())))
        .isInstanceOfSatisfying(
            Availability.Available.class,
            available -> assertThat(available.details()).contains("first allocation"));
    assertThat(directory.resolve("a")).doesNotExist();
  }

  @Test
  void aDirectoryThatCannotBeWrittenIsOneLine() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    for (Path bad : new Path[] {file, file.resolve("below"), Path.of("/proc")}) {
      assertThat(provider.probe(BackendConfig.of("dir", bad.toString())))
          .as("probe of %s", bad)
          .isInstanceOfSatisfying(
              Availability.Unavailable.class,
              unavailable ->
                  assertThat(unavailable.reason()).contains(bad.toString()).doesNotContain("\n"));
    }
  }

  @Test
  void unlinkNowLeavesNoName() throws IOException {
    BackendConfig config = BackendConfig.of("dir", directory.toString()).with("unlink", "now");
    try (TestContext context = new TestContext();
        Backend backend = provider.open(context, config);
        DiskStorage storage = (DiskStorage) backend.allocators().getFirst().allocate(4096)) {
      assertThat(storage.unlinked()).isTrue();
      try (Stream<Path> entries = Files.list(directory)) {
        assertThat(entries).isEmpty();
      }
      storage.memset(1, 0, 4096);
      assertThat(TestBytes.of(storage)).containsOnly(1);
    }
  }

  @Test
  void aLentDiskIsUsedAndOffered() {
    SimDisk lent = SimDisk.of(1);
    try (TestContext context = new TestContext(Optional.of(lent), MemoryBudget.UNLIMITED);
        Backend backend = provider.open(context, BackendConfig.of("dir", "/cache"));
        DiskStorage storage = (DiskStorage) backend.allocators().getFirst().allocate(4096)) {
      assertThat(backend.disks()).containsExactly(lent);
      assertThat(lent.list(Path.of("/cache"))).containsExactly(storage.path());
    }
    assertThat(lent.list(Path.of("/cache"))).isEmpty();
  }

  @Test
  void theAllocatorOfTheSpecificationWorksAlone() {
    DiskAllocator allocator = new DiskAllocator(directory.resolve("made"));
    assertThat(allocator.storageKind()).isEqualTo("disk");
    try (DiskStorage storage = allocator.allocate(1 << 20)) {
      assertThat(storage.path().getParent()).isEqualTo(allocator.directory());
      assertThat(storage.path().getFileName().toString())
          .matches("dynamo-kvbm-disk-cache-[a-zA-Z0-9]{6}");
    }
  }
}
