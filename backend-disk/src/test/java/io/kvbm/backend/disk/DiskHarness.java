package io.kvbm.backend.disk;

import io.kvbm.api.disk.Disk;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.store.BlockStore;
import io.kvbm.backend.disk.log.LogSettings;
import io.kvbm.backend.disk.slab.SlabDamage;
import io.kvbm.backend.disk.slab.SlabSettings;
import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.Feature;
import io.kvbm.testkit.TestContext;
import io.kvbm.testkit.disk.SimDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;
import org.jspecify.annotations.Nullable;

/**
 * The disk backend as the contracts see it: in a scratch directory that must be empty in the end.
 */
final class DiskHarness implements BackendHarness {

  /** What outlives the backend on purpose. */
  private static final Set<String> KEPT =
      Set.of(SlabSettings.DIRECTORY, LogSettings.DIRECTORY, NvmeSettings.DIRECTORY);

  private final String direct;
  private final Optional<Disk> disk;
  private @Nullable Path directory;
  private @Nullable Path contractDirectory;

  private DiskHarness(String direct, Optional<Disk> disk) {
    this.direct = direct;
    this.disk = disk;
  }

  /** Bypasses the page cache where the scratch directory can. */
  static DiskHarness direct() {
    return new DiskHarness("auto", Optional.empty());
  }

  /** Goes through the page cache. */
  static DiskHarness buffered() {
    return new DiskHarness("false", Optional.empty());
  }

  /** Runs on a disk that demands alignment and moves fewer bytes than asked whenever it can. */
  static DiskHarness simulated() {
    SimDisk simulated = SimDisk.builder(42).shortTransfers(0.5).build();
    return new DiskHarness("true", Optional.of(simulated));
  }

  @Override
  public BackendProvider provider() {
    return new DiskBackendProvider();
  }

  @Override
  public BackendConfig config() {
    return BackendConfig.of("dir", directory().toString())
        .with("direct", direct)
        .with("logSegmentSize", "1MiB");
  }

  @Override
  public TestContext context() {
    return new TestContext(disk, MemoryBudget.UNLIMITED);
  }

  @Override
  public Map<Feature, String> unsupported() {
    return Map.of(Feature.LAYOUTS, "the platform's own layouts fit files");
  }

  @Override
  public List<Path> leftovers() {
    try (Stream<Path> left = Files.list(directory())) {
      return left.filter(path -> !KEPT.contains(String.valueOf(path.getFileName()))).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Path diskDirectory(Disk lent) {
    contractDirectory = directory().resolve("contract");
    lent.createDirectories(contractDirectory);
    if (disk.isPresent()) {
      Path created = contractDirectory;
      while (created.getParent() != null) {
        created = created.getParent();
        lent.syncDirectory(created);
      }
    }
    return contractDirectory;
  }

  @Override
  public boolean damageBlock(BlockStore store, int slot) {
    SlabDamage.flip(store, slot);
    return true;
  }

  private static void removeAll(Path top) throws IOException {
    List<Path> deepestFirst;
    try (Stream<Path> all = Files.walk(top)) {
      deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : deepestFirst) {
      Files.delete(path);
    }
  }

  private Path directory() {
    try {
      if (directory == null) {
        directory = Files.createTempDirectory("kvbm-disk-test-");
      }
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    if (directory == null) {
      return;
    }
    try {
      for (String kept : KEPT) {
        if (Files.exists(directory.resolve(kept))) {
          removeAll(directory.resolve(kept));
        }
      }
      if (contractDirectory != null && Files.exists(contractDirectory)) {
        removeAll(contractDirectory);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try (Stream<Path> left = Files.list(directory)) {
      Assertions.assertThat(left).isEmpty();
      Files.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
