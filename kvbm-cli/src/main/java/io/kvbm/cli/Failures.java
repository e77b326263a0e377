package io.kvbm.cli;

import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.ByteSizes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.util.Objects;

/** Says in one line what went wrong and what to do. */
final class Failures {

  private Failures() {}

  static String describe(Throwable thrown) {
    return switch (thrown) {
      case KvbmException known -> known.getMessage();
      case OutOfMemoryError full -> outOfMemory(full);
      case UncheckedIOException wrapper -> describe(Objects.requireNonNull(wrapper.getCause()));
      case NoSuchFileException missing -> missing.getFile() + " does not exist; check the path";
      case AccessDeniedException denied -> denied.getFile() + ": permission denied";
      case FileSystemException failed ->
          Objects.requireNonNullElse(failed.getMessage(), reason(failed));
      case IOException failed -> "input or output failed: " + reason(failed);
      case InvalidPathException path ->
          "no file can be named '%s' here: %s; in a locale such as LC_ALL=C.UTF-8 every name can be"
              .formatted(path.getInput(), path.getReason());
      default ->
          "unexpected %s; this is a defect, run again with --verbose and report what it shows"
              .formatted(reason(thrown));
    };
  }

  /** Off-heap memory that cannot be had says so itself; the heap's limit is the user's to raise. */
  private static String outOfMemory(OutOfMemoryError full) {
    return ("out of memory (%s); the heap is limited to %s: use smaller capacities or a smaller"
            + " trace, or raise the limit with KVBM_JAVA_OPTS=-Xmx")
        .formatted(full.getMessage(), ByteSizes.format(Runtime.getRuntime().maxMemory()));
  }

  private static String reason(Throwable thrown) {
    String name = thrown.getClass().getSimpleName();
    return thrown.getMessage() == null ? name : name + " (" + thrown.getMessage() + ")";
  }
}
