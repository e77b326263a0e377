package io.kvbm.backend.disk;

import static io.kvbm.api.spi.Finding.Scope.DIRECTORY;

import io.kvbm.api.spi.ByteSizes;
import io.kvbm.api.spi.Finding;
import io.kvbm.backend.disk.media.BlockDevice;
import io.kvbm.backend.disk.media.FileSystemFamily;
import io.kvbm.backend.disk.media.FileSystemSettings;
import io.kvbm.backend.disk.media.Mount;
import java.util.List;
import java.util.Optional;

/**
 * Compares a file system with what the specification of the model store recommends: ext4 with
 * extents and delayed allocation, blocks of 4096 bytes, {@code noatime}, {@code commit=60}, on a
 * partition of its own. Its {@code barrier=0} and {@code data=writeback} are never recommended: a
 * power cut then loses what was acknowledged, or worse.
 */
final class FileSystemDiagnosis {

  private static final long BLOCK_BYTE_SIZE = 4096;
  private static final int COMMIT_SECONDS = 60;
  private static final long SCARCE_PERCENT = 5;

  private final Mount mount;
  private final boolean isRoot;
  private final Optional<BlockDevice> device;
  private final FileSystemSettings settings;
  private final Optional<FileSystemStatus> status;

  /**
   * @param mount what the directory lies on
   * @param isRoot whether that is also the root of the machine
   * @param device what the mount is on, if there is something
   * @param settings how the file system works
   * @param status its size and use, where known
   */
  FileSystemDiagnosis(
      Mount mount,
      boolean isRoot,
      Optional<BlockDevice> device,
      FileSystemSettings settings,
      Optional<FileSystemStatus> status) {
    this.mount = mount;
    this.isRoot = isRoot;
    this.device = device;
    this.settings = settings;
    this.status = status;
  }

  /** {@return one finding for each property} */
  List<Finding> findings() {
    return List.of(
        Finding.ok(DIRECTORY, "mount", mount.point().toString()),
        fileSystem(),
        blockSize(),
        extents(),
        delayedAllocation(),
        accessTimes(),
        dataMode(),
        barrier(),
        commitInterval(),
        ownFileSystem(),
        space(),
        inodes());
  }

  private Finding fileSystem() {
    String what = mount.type() + " on " + mount.source() + (mount.isPartial() ? partial() : "");
    if (mount.has("ro")) {
      return Finding.missing(
          DIRECTORY,
          "file-system",
          what + ", which is mounted read-only",
          Advice.remount(mount.point(), "rw"));
    }
    return switch (FileSystemFamily.of(mount.type())) {
      case EXT, XFS -> isExtOld() ? fileSystemHint(what, "ext4 has extents") : fileSystemOk(what);
      case COPY_ON_WRITE ->
          fileSystemHint(what, "copies what is overwritten; the specification prefers ext4");
      case MEMORY ->
          Finding.hint(
              DIRECTORY,
              "file-system",
              what + ": memory, gone at a restart; the specification names it for caches only",
              "for files that stay name a directory on a disk; for memory use the backend"
                  + " 'system'");
      case LAYERED ->
          Finding.hint(
              DIRECTORY,
              "file-system",
              what + ": the layer of a container, slow and gone with it",
              "mount a volume of the host into the container and name it, for instance"
                  + " docker run -v /mnt/kvbm:/mnt/kvbm");
      case NETWORK ->
          Finding.hint(
              DIRECTORY,
              "file-system",
              what + ": over a network or from a host, whose settings cannot be seen here",
              "name a directory on a local disk");
      case OTHER -> fileSystemHint(what, "not one that kvbm has advice for");
    };
  }

  private boolean isExtOld() {
    return mount.type().equals("ext2") || mount.type().equals("ext3");
  }

  private String partial() {
    return ", of which " + mount.root() + " is mounted";
  }

  private static Finding fileSystemOk(String what) {
    return Finding.ok(DIRECTORY, "file-system", what);
  }

  private static Finding fileSystemHint(String what, String why) {
    return Finding.hint(
        DIRECTORY, "file-system", what + ": " + why, "ext4; " + Advice.NEW_FILE_SYSTEM);
  }

  private Finding blockSize() {
    if (status.isEmpty()) {
      return unknown("block-size", "look at it with: stat -f " + quotedPoint());
    }
    long byteSize = status.get().blockByteSize();
    String found = byteSize + " bytes";
    if (byteSize == BLOCK_BYTE_SIZE || !isLocal()) {
      return Finding.ok(DIRECTORY, "block-size", found);
    }
    return Finding.hint(
        DIRECTORY,
        "block-size",
        found + "; the specification wants " + BLOCK_BYTE_SIZE,
        Advice.NEW_FILE_SYSTEM);
  }

  private Finding extents() {
    return switch (FileSystemFamily.of(mount.type())) {
      case XFS, COPY_ON_WRITE ->
          Finding.ok(DIRECTORY, "extents", "part of every " + mount.type() + " file system");
      case EXT -> extentsOfExt();
      default -> notASetting("extents");
    };
  }

  /** An ext4 directory without them may be older than the feature, so that is not a no. */
  private Finding extentsOfExt() {
    Optional<Boolean> said = status.flatMap(FileSystemStatus::hasExtents);
    if (said.orElse(false)) {
      return Finding.ok(DIRECTORY, "extents", "the directory is stored in them");
    }
    return Finding.hint(
        DIRECTORY,
        "extents",
        said.isPresent()
            ? "unknown: the directory itself is not stored in them"
            : "unknown: the file system does not say",
        "look for 'extent' in: dumpe2fs -h %s; where it is missing: tune2fs -O extent %s"
            .formatted(quotedSource(), quotedSource()));
  }

  private Finding delayedAllocation() {
    if (!isLocal()) {
      return notASetting("delayed-allocation");
    }
    Optional<Boolean> said = settings.delayedAllocation();
    if (said.isEmpty()) {
      return unknown(
          "delayed-allocation", "look at it with: grep delalloc /proc/fs/ext4/*/options");
    }
    return said.get()
        ? Finding.ok(DIRECTORY, "delayed-allocation", "on")
        : Finding.hint(
            DIRECTORY,
            "delayed-allocation",
            "off, by option or by data=journal",
            mountAnew("delalloc,data=ordered"));
  }

  private Finding accessTimes() {
    if (!isLocal()) {
      return notASetting("atime");
    }
    if (mount.has("noatime")) {
      return Finding.ok(DIRECTORY, "atime", "noatime");
    }
    return Finding.hint(
        DIRECTORY,
        "atime",
        mount.has("relatime")
            ? "relatime: a read may write an access time"
            : "strictatime: every read writes an access time",
        Advice.remount(mount.point(), "noatime"));
  }

  private Finding dataMode() {
    if (FileSystemFamily.of(mount.type()) != FileSystemFamily.EXT) {
      return notASetting("data-mode");
    }
    Optional<String> said = settings.dataMode();
    if (said.isEmpty()) {
      return unknown(
          "data-mode", "the superblock decides; look with: grep data= /proc/fs/ext4/*/options");
    }
    return switch (said.get()) {
      case "ordered" ->
          Finding.ok(
              DIRECTORY,
              "data-mode",
              "ordered; the data=writeback of the specification is not recommended: after a power"
                  + " cut a file may then hold old blocks of another");
      case "writeback" ->
          dataModeHint("writeback: after a power cut a file may hold old blocks of another");
      case FileSystemSettings.NO_JOURNAL ->
          Finding.hint(
              DIRECTORY,
              "data-mode",
              "no journal: a power cut can damage the file system itself",
              isRoot
                  ? "from a rescue system: tune2fs -O has_journal " + quotedSource()
                  : "umount %s && tune2fs -O has_journal %s, then mount it"
                      .formatted(quotedPoint(), quotedSource()));
      default -> dataModeHint(said.get() + ": all data is written twice, without direct access");
    };
  }

  private Finding dataModeHint(String found) {
    return Finding.hint(DIRECTORY, "data-mode", found, mountAnew("data=ordered"));
  }

  /** For options that a remount refuses to change. */
  private String mountAnew(String options) {
    return isRoot
        ? "put %s into /etc/fstab and into rootflags= of the kernel's command line, then restart"
            .formatted(options)
        : "umount %s && mount -o noatime,commit=%d,%s %s %s; the same in /etc/fstab"
            .formatted(quotedPoint(), COMMIT_SECONDS, options, quotedSource(), quotedPoint());
  }

  private Finding barrier() {
    if (!isLocal()) {
      return notASetting("barrier");
    }
    Optional<Boolean> said = settings.barrier();
    if (said.isEmpty()) {
      return unknown(
          "barrier", "the superblock decides; look with: grep barrier /proc/fs/ext4/*/options");
    }
    String cache =
        device
            .flatMap(BlockDevice::writeCache)
            .map(mode -> ", and the device's write cache is " + mode)
            .orElse("");
    if (said.get()) {
      return Finding.ok(
          DIRECTORY,
          "barrier",
          "on%s; the barrier=0 of the specification is not recommended: with a volatile write cache"
                  .formatted(cache)
              + " a power cut loses what was acknowledged and can damage the file system");
    }
    return Finding.missing(
        DIRECTORY,
        "barrier",
        "off%s: a power cut loses what was acknowledged and can damage the file system"
            .formatted(cache),
        Advice.remount(mount.point(), "barrier"));
  }

  private Finding commitInterval() {
    Optional<Integer> said = settings.commitSeconds();
    if (said.isEmpty()) {
      return notASetting("commit-interval");
    }
    String found = said.get() + " s";
    return said.get() >= COMMIT_SECONDS
        ? Finding.ok(DIRECTORY, "commit-interval", found)
        : Finding.hint(
            DIRECTORY,
            "commit-interval",
            "%s; the specification wants %d s; what is not synced may be that old in a power cut"
                .formatted(found, COMMIT_SECONDS),
            Advice.remount(mount.point(), "commit=" + COMMIT_SECONDS));
  }

  private Finding ownFileSystem() {
    if (!isRoot) {
      return Finding.ok(DIRECTORY, "own-file-system", "not the one of the system");
    }
    return Finding.hint(
        DIRECTORY,
        "own-file-system",
        "shared with the system; the specification wants a partition for it",
        Advice.NEW_FILE_SYSTEM);
  }

  private Finding space() {
    if (status.isEmpty()) {
      return unknown("space", "look at it with: df -h " + quotedPoint());
    }
    long usable = status.get().usableByteSize();
    long all = status.get().byteSize();
    String found = ByteSizes.format(usable) + " free of " + ByteSizes.format(all);
    return isScarce(usable, all)
        ? Finding.hint(
            DIRECTORY,
            "space",
            found,
            "free some or name another directory: du -xh " + quotedPoint())
        : Finding.ok(DIRECTORY, "space", found);
  }

  private Finding inodes() {
    long all = status.map(FileSystemStatus::inodes).orElse(-1L);
    if (all < 0) {
      return unknown("inodes", "look at them with: df -i " + quotedPoint());
    }
    if (all == 0) {
      return Finding.ok(DIRECTORY, "inodes", "made as needed");
    }
    long usable = status.map(FileSystemStatus::usableInodes).orElse(0L);
    String found = usable + " free of " + all;
    return isScarce(usable, all)
        ? Finding.hint(
            DIRECTORY,
            "inodes",
            found,
            "remove files or name another directory: df -i " + quotedPoint())
        : Finding.ok(DIRECTORY, "inodes", found);
  }

  private static boolean isScarce(long usable, long all) {
    return usable < all / 100 * SCARCE_PERCENT;
  }

  private boolean isLocal() {
    return switch (FileSystemFamily.of(mount.type())) {
      case EXT, XFS, COPY_ON_WRITE -> true;
      case MEMORY, LAYERED, NETWORK, OTHER -> false;
    };
  }

  private Finding notASetting(String name) {
    return FileSystemFamily.of(mount.type()) == FileSystemFamily.OTHER
        ? unknown(name, "look into the documentation of " + mount.type())
        : Finding.ok(DIRECTORY, name, "not a setting of " + mount.type());
  }

  private static Finding unknown(String name, String advice) {
    return Finding.hint(DIRECTORY, name, "unknown", advice);
  }

  private String quotedPoint() {
    return Advice.quote(mount.point().toString());
  }

  /** The kernel's name: a source such as {@code /dev/root} is no file. */
  private String quotedSource() {
    return Advice.quote(device.map(found -> "/dev/" + found.name()).orElse(mount.source()));
  }
}
