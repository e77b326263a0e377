package io.kvbm.backend.pinned;

import io.kvbm.api.CapacityException;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.testkit.TestContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Allocates once and says how much of the process is locked then. */
final class LimitedProcess {

  private LimitedProcess() {}

  /** The setting {@code fallback}, and how many bytes. */
  public static void main(String[] arguments) throws IOException {
    BackendConfig config = BackendConfig.of("fallback", arguments[0]);
    try (Backend backend = new PinnedBackendProvider().open(new TestContext(), config);
        Storage _ = backend.allocators().getFirst().allocate(Long.parseLong(arguments[1]))) {
      System.out.println("locked " + lockedKibibytes() + " KiB");
    } catch (CapacityException e) {
      System.out.println(e.getMessage());
    }
  }

  /** {@return how much of this process the kernel has locked, in KiB} */
  static long lockedKibibytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmLck:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
