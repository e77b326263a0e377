package io.kvbm.testkit.broken;

import io.kvbm.api.disk.Disk;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.store.BlockStore;
import io.kvbm.testkit.BackendHarness;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The reference backend or a broken one as the contracts see it: in little, and with a deadline
 * that a lost completion reaches soon.
 */
public class FixtureHarness implements BackendHarness {

  private final BackendProvider provider = Parts.current().provider();

  /** Creates the harness of the backend in use. */
  public FixtureHarness() {}

  @Override
  public BackendProvider provider() {
    return provider;
  }

  @Override
  public Duration deadline() {
    return Duration.ofSeconds(2);
  }

  @Override
  public double effort() {
    return 0.05;
  }

  @Override
  public boolean damageBlock(BlockStore store, int slot) {
    ((MemoryBlocks.Store) store).damage(slot);
    return true;
  }

  @Override
  public Path diskDirectory(Disk disk) {
    Path directory = Path.of("/fixture");
    disk.createDirectories(directory);
    disk.syncDirectory(Path.of("/"));
    return directory;
  }

  @Override
  public Optional<Disk> afterPowerCut(Disk disk) {
    return BackendHarness.super.afterPowerCut(
        disk instanceof ShortReadDisk broken ? broken.disk() : disk);
  }
}
