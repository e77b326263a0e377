package io.kvbm.cli.replay;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A directory of one run's own; its end deletes it with all that is in it. */
record ScratchDirectory(Path path) implements AutoCloseable {

  static ScratchDirectory create(Path parent) {
    try {
      return new ScratchDirectory(Files.createTempDirectory(parent, "kvbm-replay-"));
    } catch (IOException e) {
      throw new BackendException(
          ErrorCode.OPERATION_FAILED,
          "no scratch directory can be made in %s: %s; set backends.disk.dir"
              .formatted(parent, e.getMessage()),
          e);
    }
  }

  @Override
  public void close() {
    try (Stream<Path> found = Files.walk(path)) {
      List<Path> deepestFirst = found.sorted(Comparator.reverseOrder()).toList();
      for (Path each : deepestFirst) {
        Files.deleteIfExists(each);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the scratch directory " + path + " is left behind", e);
    }
  }
}
