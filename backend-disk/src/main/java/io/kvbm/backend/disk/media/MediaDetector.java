package io.kvbm.backend.disk.media;

import io.kvbm.api.store.MediaProfile;
import io.kvbm.api.store.MediaProfile.Medium;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Tells from the mount table and {@code /sys} what a directory lies on. Reads a few small files and
 * no byte of the device. Threading: safe from any thread; each call looks anew.
 */
public final class MediaDetector {

  private final Path root;

  /**
   * Looks at a machine.
   *
   * @param root the folder that {@code proc} and {@code sys} are in
   */
  public MediaDetector(Path root) {
    this.root = root;
  }

  /** {@return one for this machine} */
  public static MediaDetector ofMachine() {
    return new MediaDetector(Path.of("/"));
  }

  /**
   * {@return what a directory lies on}
   *
   * @param directory where; if it is not there yet, what its nearest ancestor lies on
   */
  public MediaDescription detect(Path directory) {
    return describe(existing(directory));
  }

  /**
   * {@return what a path lies on}
   *
   * @param path absolute, without symbolic links; it need not exist
   */
  public MediaDescription describe(Path path) {
    MountTable mounts = MountTable.read(root.resolve("proc/self/mountinfo"));
    Optional<Mount> mount = mounts.of(path);
    Optional<BlockDevice> device =
        mount.flatMap(found -> BlockDevice.of(root.resolve("sys"), found));
    Optional<Medium> medium = medium(mount, device);
    return new MediaDescription(
        medium,
        MediaProfile.defaultsFor(medium.orElse(Medium.VIRTUAL)),
        device
            .map(MediaDetector::deviceName)
            .orElseGet(() -> mount.map(Mount::type).orElse("unknown")),
        mount
            .map(found -> new DurabilityOfMounts(root, mounts).of(found))
            .orElse(DurabilityOfMounts.UNKNOWN),
        Optional.empty());
  }

  /** {@return the medium that a mount is on} Of a volume the disk at the bottom counts. */
  private static Optional<Medium> medium(Optional<Mount> mount, Optional<BlockDevice> device) {
    if (device.isPresent()) {
      return device.get().bottom().medium();
    }
    return mount.flatMap(
        found ->
            switch (FileSystemFamily.of(found.type())) {
              case MEMORY -> Optional.of(Medium.TMPFS);
              case NETWORK -> Optional.of(Medium.NETWORK);
              default -> Optional.empty();
            });
  }

  /** {@return the medium that a mount is on, for those who looked both up} */
  public static Optional<Medium> medium(Mount mount, Optional<BlockDevice> device) {
    return medium(Optional.of(mount), device);
  }

  /** {@return the device's name, and that of the disk at the bottom where it is another} */
  public static String deviceName(BlockDevice device) {
    BlockDevice bottom = device.bottom();
    return bottom.disk().equals(device.disk())
        ? device.name()
        : device.name() + " on " + bottom.diskName();
  }

  private static Path existing(Path directory) {
    @Nullable Path at = directory.toAbsolutePath().normalize();
    while (at != null) {
      try {
        return at.toRealPath();
      } catch (IOException e) {
        at = Files.isSymbolicLink(at) ? target(at) : at.getParent();
      }
    }
    return directory.toAbsolutePath();
  }

  /** A link to what is not there yet leads to where it will be. */
  private static @Nullable Path target(Path link) {
    try {
      Path target = link.resolveSibling(Files.readSymbolicLink(link)).normalize();
      return target.equals(link) ? link.getParent() : target.getParent();
    } catch (IOException e) {
      return link.getParent();
    }
  }
}
