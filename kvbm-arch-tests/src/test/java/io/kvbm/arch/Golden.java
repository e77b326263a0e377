package io.kvbm.arch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Text that stands in the repository and must be what the build makes. */
final class Golden {

  private Golden() {}

  /** Compares, or with {@code -Dkvbm.golden=write} writes the file. */
  static void require(Path file, String text) throws IOException {
    if ("write".equals(System.getProperty("kvbm.golden"))) {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.writeString(file, text);
    }
    assertThat(file).as("run with -Dkvbm.golden=write after reading what changed").exists();
    assertThat(Files.readString(file))
        .as("%s: run with -Dkvbm.golden=write after reading what changed", file)
        .isEqualTo(text);
  }
}
