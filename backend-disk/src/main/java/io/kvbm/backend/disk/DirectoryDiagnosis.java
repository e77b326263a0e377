package io.kvbm.backend.disk;

import static io.kvbm.api.spi.Finding.Scope.DIRECTORY;

import io.kvbm.api.spi.Finding;
import io.kvbm.backend.disk.media.BlockDevice;
import io.kvbm.backend.disk.media.FileSystemSettings;
import io.kvbm.backend.disk.media.MediaDetector;
import io.kvbm.backend.disk.media.Mount;
import io.kvbm.backend.disk.media.MountTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a directory's file system and device are, and how they should be set up. */
final class DirectoryDiagnosis {

  private final Path root;
  private final MountTable mounts;

  /**
   * @param root the folder that {@code proc}, {@code sys} and {@code etc} are in
   */
  DirectoryDiagnosis(Path root) {
    this.root = root;
    this.mounts = MountTable.read(root.resolve("proc/self/mountinfo"));
  }

  /**
   * {@return one finding for each property}
   *
   * @param directory absolute, without symbolic links
   * @param status the size and use of its file system, where known
   */
  List<Finding> findings(Path directory, Optional<FileSystemStatus> status) {
    Optional<Mount> found = mounts.of(directory);
    if (found.isEmpty()) {
      return List.of(
          Finding.hint(
              DIRECTORY,
              "mount",
              "unknown: /proc/self/mountinfo does not list it",
              "mount -t proc proc /proc"));
    }
    Mount mount = found.get();
    boolean isRoot =
        mounts.of(Path.of("/")).filter(top -> top.device().equals(mount.device())).isPresent();
    Optional<BlockDevice> device = BlockDevice.of(root.resolve("sys"), mount);
    FileSystemSettings settings = new FileSystemSettings(root.resolve("proc"), mount, device);
    List<Finding> findings =
        new ArrayList<>(
            new FileSystemDiagnosis(mount, isRoot, device, settings, status).findings());
    findings.addAll(new DeviceDiagnosis(root, mount, settings, device).findings());
    findings.add(MediumMeasurement.durability(new MediaDetector(root), directory));
    return findings;
  }
}
