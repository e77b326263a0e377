package io.kvbm.testkit.disk;

import io.kvbm.api.disk.Disk;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;

class SimDiskContractTest extends DiskContract {

  private static final Path DIRECTORY = Path.of("/data");

  private final SimDisk disk = SimDisk.builder(1).shortTransfers(0.5).build();

  @BeforeEach
  void makeDirectory() {
    disk.createDirectories(DIRECTORY);
    disk.syncDirectory(DIRECTORY.getParent());
  }

  @Override
  protected Disk disk() {
    return disk;
  }

  @Override
  protected Path directory() {
    return DIRECTORY;
  }

  @Override
  protected Optional<Disk> afterPowerCut() {
    disk.powerCut();
    return Optional.of(disk.reboot());
  }
}
