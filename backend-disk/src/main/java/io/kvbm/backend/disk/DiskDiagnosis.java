package io.kvbm.backend.disk;

import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.Finding;
import io.kvbm.backend.disk.file.Posix;
import io.kvbm.backend.disk.io.EngineChoice;
import io.kvbm.backend.disk.io.EngineType;
import io.kvbm.backend.disk.io.IoEngines;
import io.kvbm.backend.disk.media.MediaDetector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The checks of this backend on this machine. */
final class DiskDiagnosis {

  private static final Path ROOT = Path.of("/");

  private DiskDiagnosis() {}

  /** {@return the findings, those on a directory where the settings name one} */
  static List<Finding> of(BackendConfig config) {
    @Nullable Posix posix = Posix.find().orElse(null);
    AccessDiagnosis access = new AccessDiagnosis(ROOT, posix);
    DiskSettings settings;
    Path directory;
    try {
      settings = DiskSettings.of(config);
      directory = settings.directory().toAbsolutePath();
    } catch (KvbmException e) {
      return List.of(
          Finding.missing(
              Finding.Scope.MACHINE, "direct-io", e.getMessage(), "correct the settings"),
          access.ioUring());
    }
    List<Finding> findings = new ArrayList<>(List.of(access.direct(directory), access.ioUring()));
    if (Files.isDirectory(directory)) {
      findings.add(engine(directory, settings));
    }
    if (config.string("dir").isPresent()) {
      findings.addAll(ofDirectory(directory, posix));
    }
    return findings;
  }

  /** The engine that the stores would get. */
  private static Finding engine(Path directory, DiskSettings settings) {
    try {
      EngineChoice choice =
          IoEngines.choose(DiskStorage.fileDisk(settings), directory, settings.engine().type());
      return choice.type() == EngineType.BUFFERED
          ? Finding.hint(
              Finding.Scope.MACHINE,
              "disk-engine",
              choice.text(),
              "name a directory that can be written, on ext4 or xfs: --dir DIR")
          : Finding.ok(Finding.Scope.MACHINE, "disk-engine", choice.text());
    } catch (KvbmException e) {
      return Finding.missing(
          Finding.Scope.MACHINE, "disk-engine", e.getMessage(), "set 'engine' to auto");
    }
  }

  private static List<Finding> ofDirectory(Path directory, @Nullable Posix posix) {
    try {
      Path real = directory.toRealPath();
      List<Finding> findings =
          new ArrayList<>(
              new DirectoryDiagnosis(ROOT).findings(real, FileSystemStatus.of(real, posix)));
      findings.add(MediumMeasurement.measured(MediaDetector.ofMachine().detect(real), real));
      return findings;
    } catch (IOException e) {
      return List.of(
          Finding.missing(
              Finding.Scope.DIRECTORY,
              "mount",
              directory + " cannot be looked at",
              "mkdir -p " + Advice.quote(directory.toString())));
    }
  }
}
