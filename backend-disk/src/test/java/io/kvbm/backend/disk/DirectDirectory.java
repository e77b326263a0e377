package io.kvbm.backend.disk;

import io.kvbm.api.BackendException;
import io.kvbm.testkit.RequiredTools;
import java.nio.file.Path;

/**
 * Lets a test of direct access run only where the scratch directory has it; a /tmp in memory has
 * not.
 */
final class DirectDirectory {

  private DirectDirectory() {}

  /** Skips the test, or fails it where direct access is required, if the directory has none. */
  static void assume(Path directory) {
    RequiredTools.assumeOrFail(
        "direct-io",
        hasDirectAccess(directory),
        directory + " has no direct access; test on a disk: mvn -Pintegration -Dkvbm.test.dir=DIR");
  }

  /** Skips a test of {@link DirectAccess#REQUIRED} where the directory has no direct access. */
  static void assume(Path directory, DirectAccess direct) {
    if (direct == DirectAccess.REQUIRED) {
      assume(directory);
    }
  }

  private static boolean hasDirectAccess(Path directory) {
    Path path = directory.resolve("direct-probe");
    try (DiskStorage storage =
        DiskStorage.create(new FileDisk(), path, 4096, DirectAccess.REQUIRED)) {
      return storage.isDirect();
    } catch (BackendException e) {
      return false;
    }
  }
}
