package io.kvbm.backend.disk;

import io.kvbm.api.disk.Disk;
import io.kvbm.testkit.disk.DiskContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileDiskContractTest extends DiskContract {

  @TempDir Path directory;

  private final Disk disk = new FileDisk();

  @Override
  protected Disk disk() {
    return disk;
  }

  @Override
  protected Path directory() {
    return directory;
  }
}
