package io.kvbm.backend.disk;

import static io.kvbm.api.spi.Finding.Scope.DIRECTORY;

import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Finding;
import io.kvbm.api.store.DurabilityClaim;
import io.kvbm.api.store.DurabilityClaim.Survives;
import io.kvbm.api.store.MediaProfile;
import io.kvbm.backend.disk.media.MediaDescription;
import io.kvbm.backend.disk.media.MediaDetector;
import io.kvbm.backend.disk.media.MediaMeasurement;
import io.kvbm.backend.disk.media.MediaProbe;
import java.nio.file.Path;

/** Says what a directory's medium does, not what it is said to do. */
final class MediumMeasurement {

  private MediumMeasurement() {}

  /** {@return what a synced write survives at a path without symbolic links} */
  static Finding durability(MediaDetector detector, Path directory) {
    DurabilityClaim claim = detector.describe(directory).durability();
    String advice =
        switch (claim.survives()) {
          case POWER_CUT -> "";
          case SYSTEM_CRASH -> "mount it with barriers, or reckon with it";
          case NOTHING, PROCESS_END ->
              "for what must be kept name a directory on a disk, on ext4 or xfs";
        };
    return claim.survives() == Survives.POWER_CUT
        ? Finding.ok(DIRECTORY, "durability", claim.text())
        : Finding.hint(DIRECTORY, "durability", claim.text(), advice);
  }

  /** Writes and reads a file for a moment. {@return how fast that was, and what follows} */
  static Finding measured(MediaDescription described, Path directory) {
    try (FileDisk disk = new FileDisk()) {
      MediaMeasurement measurement = MediaProbe.measure(disk, directory, described.profile());
      MediaProfile corrected = described.correctedBy(measurement).profile();
      return Finding.ok(
          DIRECTORY,
          "measured",
          "%s; reckoned with %d MB/s, %d reads/s"
              .formatted(
                  measurement.text(),
                  corrected.sequentialReadMegabytesPerSecond(),
                  corrected.randomReadIops()));
    } catch (KvbmException e) {
      return Finding.hint(
          DIRECTORY, "measured", e.getMessage(), "make the directory writable, or name another");
    }
  }
}
