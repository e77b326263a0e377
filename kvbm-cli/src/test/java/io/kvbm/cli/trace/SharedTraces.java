package io.kvbm.cli.trace;

import io.kvbm.testkit.RequiredTools;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The recorded traces, which are not part of the repository: looked for where the system property
 * {@code kvbm.traces} or the variable {@code KVBM_TRACES} says, else beside the checkout.
 */
public final class SharedTraces {

  private SharedTraces() {}

  /** Returns a file or folder below the folder of traces; skips the test where there is none. */
  public static Path find(String name) {
    Path path = folder().resolve(name);
    RequiredTools.assumeOrFail(
        "traces",
        Files.exists(path),
        "the trace " + path + " is absent; set KVBM_TRACES to where traces are");
    return path;
  }

  private static Path folder() {
    String property = System.getProperty("kvbm.traces");
    String variable = System.getenv("KVBM_TRACES");
    if (property != null) {
      return Path.of(property);
    }
    if (variable != null) {
      return Path.of(variable);
    }
    return repository().resolve("../shared/traces").normalize();
  }

  /** Maven starts tests in the module's folder, other tools in the repository's. */
  private static Path repository() {
    Path folder = Path.of("").toAbsolutePath();
    return Files.isDirectory(folder.resolve("kvbm-cli")) ? folder : folder.getParent();
  }
}
