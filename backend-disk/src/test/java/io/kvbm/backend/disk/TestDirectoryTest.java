package io.kvbm.backend.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** With {@code -Pintegration} the tests of this module really run on the device that was named. */
@EnabledIfSystemProperty(named = "kvbm.test.dir", matches = "/.*")
class TestDirectoryTest {

  @TempDir Path directory;

  @Test
  void scratchDirectoriesAreOnTheDeviceThatIsTested() throws IOException {
    Path named = Path.of(System.getProperty("kvbm.test.dir")).toRealPath();
    assertThat(directory.toRealPath()).startsWith(named);
    Path other = Files.createTempDirectory("kvbm-disk-test-");
    assertThat(other.toRealPath()).startsWith(named);
    Files.delete(other);
  }
}
