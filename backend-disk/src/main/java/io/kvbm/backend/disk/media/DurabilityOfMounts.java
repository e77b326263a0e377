package io.kvbm.backend.disk.media;

import io.kvbm.api.store.DurabilityClaim;
import io.kvbm.api.store.DurabilityClaim.Survives;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Says what a sync is worth on a mount. */
final class DurabilityOfMounts {

  /** Where the mount table is silent. */
  static final DurabilityClaim UNKNOWN =
      new DurabilityClaim(
          Survives.PROCESS_END,
          "what it lies on is unknown: /proc/self/mountinfo does not list it");

  private static final int MAX_LOOPS = 4;

  private final Path root;
  private final MountTable mounts;

  /**
   * @param root the folder that {@code proc} and {@code sys} are in
   * @param mounts all mounts: a loop device is on a file on another one
   */
  DurabilityOfMounts(Path root, MountTable mounts) {
    this.root = root;
    this.mounts = mounts;
  }

  DurabilityClaim of(Mount mount) {
    return of(mount, MAX_LOOPS);
  }

  private DurabilityClaim of(Mount mount, int loopsLeft) {
    Optional<BlockDevice> device = BlockDevice.of(root.resolve("sys"), mount);
    if (device.isEmpty()) {
      return withoutDevice(mount);
    }
    BlockDevice bottom = device.get().bottom();
    if (bottom.isVolatile()) {
      return new DurabilityClaim(Survives.PROCESS_END, bottom.diskName() + " is a disk in memory");
    }
    DurabilityClaim own = onDevice(mount, device.get(), bottom);
    return bottom.isLoop() && loopsLeft > 0 ? lesser(own, ofLoop(bottom, loopsLeft)) : own;
  }

  private static DurabilityClaim withoutDevice(Mount mount) {
    return switch (FileSystemFamily.of(mount.type())) {
      case MEMORY -> new DurabilityClaim(Survives.PROCESS_END, mount.type() + " is memory");
      case NETWORK ->
          new DurabilityClaim(
              Survives.POWER_CUT,
              "as far as the other side of " + mount.type() + " keeps its word");
      case LAYERED ->
          mount.has("volatile")
              ? new DurabilityClaim(
                  Survives.PROCESS_END, mount.type() + " is mounted volatile: it syncs nothing")
              : new DurabilityClaim(
                  Survives.POWER_CUT,
                  "as far as what lies under " + mount.type() + " does, which it does not tell");
      default ->
          new DurabilityClaim(
              Survives.POWER_CUT, "as far as " + mount.source() + " keeps its word");
    };
  }

  private DurabilityClaim onDevice(Mount mount, BlockDevice device, BlockDevice bottom) {
    FileSystemSettings settings =
        new FileSystemSettings(root.resolve("proc"), mount, Optional.of(device));
    boolean flushes = settings.barrier().orElse(true);
    boolean isWrittenThrough = bottom.writeCache().filter("write through"::equals).isPresent();
    if (!flushes && !isWrittenThrough) {
      return new DurabilityClaim(
          Survives.SYSTEM_CRASH,
          "%s is mounted without barriers: the cache of %s is not flushed"
              .formatted(mount.point(), bottom.diskName()));
    }
    return new DurabilityClaim(
        Survives.POWER_CUT,
        bottom.isVirtual()
            ? "as far as the host of virtual disk " + bottom.diskName() + " keeps its word"
            : "as far as " + bottom.diskName() + " keeps its word");
  }

  /** A file system inside a file is worth what the one around it is. */
  private DurabilityClaim ofLoop(BlockDevice loop, int loopsLeft) {
    try {
      Path file = Path.of(Files.readString(loop.disk().resolve("loop/backing_file")).strip());
      return mounts
          .of(file)
          .map(around -> of(around, loopsLeft - 1))
          .map(
              claim ->
                  new DurabilityClaim(
                      claim.survives(),
                      "%s is file %s: %s".formatted(loop.diskName(), file, claim.reason())))
          .orElse(UNKNOWN);
    } catch (IOException e) {
      return UNKNOWN;
    }
  }

  private static DurabilityClaim lesser(DurabilityClaim one, DurabilityClaim other) {
    return one.survives().compareTo(other.survives()) < 0 ? one : other;
  }
}
