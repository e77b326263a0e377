package io.kvbm.cli.doctor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A folder with the files a machine would have. */
record FakeFiles(Path root) {

  FakeFiles write(String file, String text) {
    try {
      Path path = root.resolve(file);
      Files.createDirectories(path.getParent());
      Files.writeString(path, text);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  MachineFiles machine() {
    return new MachineFiles(root, Map.of("LD_LIBRARY_PATH", "/opt/libs:\0:relative"));
  }
}
