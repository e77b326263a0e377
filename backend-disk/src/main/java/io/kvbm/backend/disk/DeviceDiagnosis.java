package io.kvbm.backend.disk;

import static io.kvbm.api.spi.Finding.Scope.DIRECTORY;

import io.kvbm.api.spi.ByteSizes;
import io.kvbm.api.spi.Finding;
import io.kvbm.api.store.MediaProfile;
import io.kvbm.api.store.MediaProfile.Medium;
import io.kvbm.backend.disk.media.BlockDevice;
import io.kvbm.backend.disk.media.FileSystemSettings;
import io.kvbm.backend.disk.media.MediaDetector;
import io.kvbm.backend.disk.media.Mount;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/** Compares the medium under a file system with the profile that the specification has for it. */
final class DeviceDiagnosis {

  private static final String TRIM_TIMER = "etc/systemd/system/timers.target.wants/fstrim.timer";

  private final Path root;
  private final Mount mount;
  private final FileSystemSettings settings;
  private final Optional<BlockDevice> device;

  /**
   * @param root the folder that {@code etc} is in
   * @param mount what the directory lies on
   * @param settings how the file system works
   * @param device what the mount is on, if there is something
   */
  DeviceDiagnosis(
      Path root, Mount mount, FileSystemSettings settings, Optional<BlockDevice> device) {
    this.root = root;
    this.mount = mount;
    this.settings = settings;
    this.device = device;
  }

  /** {@return one finding for each property; without a device only what the medium is} */
  List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    findings.add(medium());
    device.ifPresent(
        found -> {
          findings.add(scheduler(found.bottom()));
          findings.add(readAhead(found));
          findings.add(discard(found));
        });
    return findings;
  }

  private Optional<Medium> knownMedium() {
    return MediaDetector.medium(mount, device);
  }

  private Finding medium() {
    Optional<Medium> medium = knownMedium();
    if (medium.isEmpty()) {
      return Finding.hint(
          DIRECTORY,
          "medium",
          unknownMedium(),
          "measure it: fio --name=kvbm --directory=%s --size=1G --direct=1 --rw=read --bs=64k"
              .formatted(Advice.quote(mount.point().toString())));
    }
    String found =
        device.map(MediaDetector::deviceName).orElse(mount.type())
            + ": "
            + describe(MediaProfile.defaultsFor(medium.get()));
    return switch (medium.get()) {
      case HDD ->
          Finding.hint(DIRECTORY, "medium", found, "name a directory on a solid-state drive");
      case SD_UHS1 ->
          Finding.hint(
              DIRECTORY,
              "medium",
              found + "; the kernel does not tell UHS-I from UHS-II",
              "look at the card: with UHS-II reckon with %d MB/s"
                  .formatted(
                      MediaProfile.defaultsFor(Medium.SD_UHS2).sequentialReadMegabytesPerSecond()));
      default -> Finding.ok(DIRECTORY, "medium", found);
    };
  }

  private String unknownMedium() {
    if (device.isEmpty()) {
      return "unknown: no block device stands behind " + mount.source();
    }
    BlockDevice bottom = device.get().bottom();
    String name = MediaDetector.deviceName(device.get());
    if (bottom.isUsb()) {
      return name + ": a USB drive, of which no profile says what it can do";
    }
    if (bottom.isLoop()) {
      return name + ": a file that serves as a disk, as fast as what that file is on";
    }
    return bottom.isMemory() ? name + ": a disk in memory" : name + ": an unknown medium";
  }

  private static String describe(MediaProfile profile) {
    return "%s, reckoned with %d MB/s, %d reads/s, queue depth %d, %s at once, %s"
        .formatted(
            label(profile.medium()),
            profile.sequentialReadMegabytesPerSecond(),
            profile.randomReadIops(),
            profile.queueDepth(),
            ByteSizes.format(profile.ioByteSize()),
            profile.directIo() ? "direct" : "through the page cache");
  }

  private static String label(Medium medium) {
    return switch (medium) {
      case NVME -> "NVMe";
      case SATA_SSD -> "solid-state drive";
      case EMMC -> "eMMC";
      case SD_UHS1 -> "SD card";
      case SD_UHS2 -> "SD card UHS-II";
      case HDD -> "rotating disk";
      case VIRTUAL -> "virtual disk";
      case TMPFS -> "memory";
      case NETWORK -> "network";
    };
  }

  /** The specification names no scheduler; this is what the kernel's authors advise. */
  private Finding scheduler(BlockDevice disk) {
    Optional<String> scheduler = disk.scheduler();
    if (scheduler.isEmpty()) {
      return Finding.hint(
          DIRECTORY,
          "scheduler",
          "unknown",
          "look at it with: cat " + queue(disk.diskName(), "scheduler"));
    }
    boolean rotates = disk.rotational().orElse(false) && !disk.isVirtual();
    return scheduler.get().equals("bfq") && !rotates
        ? Finding.hint(
            DIRECTORY,
            "scheduler",
            "bfq, which costs a fast drive more than it gains",
            "echo none > " + queue(disk.diskName(), "scheduler"))
        : Finding.ok(DIRECTORY, "scheduler", scheduler.get());
  }

  private Finding readAhead(BlockDevice top) {
    OptionalLong now = top.readAheadKibibytes();
    if (now.isEmpty()) {
      return Finding.hint(
          DIRECTORY,
          "read-ahead",
          "unknown",
          "look at it with: cat " + queue(top.diskName(), "read_ahead_kb"));
    }
    String found = now.getAsLong() + " KiB";
    Optional<MediaProfile> profile =
        knownMedium().filter(DeviceDiagnosis::isSpecified).map(MediaProfile::defaultsFor);
    if (profile.isEmpty()) {
      return Finding.ok(DIRECTORY, "read-ahead", found);
    }
    long wanted = profile.get().readAheadByteSize() / 1024;
    return now.getAsLong() == wanted
        ? Finding.ok(DIRECTORY, "read-ahead", found)
        : Finding.hint(
            DIRECTORY,
            "read-ahead",
            "%s; the specification wants %d KiB for %s; direct access is not concerned"
                .formatted(found, wanted, label(profile.get().medium())),
            "echo %d > %s".formatted(wanted, queue(top.diskName(), "read_ahead_kb")));
  }

  /** The other profiles are our own. */
  private static boolean isSpecified(Medium medium) {
    return switch (medium) {
      case NVME, EMMC, SD_UHS1, SD_UHS2 -> true;
      case SATA_SSD, HDD, VIRTUAL, TMPFS, NETWORK -> false;
    };
  }

  private Finding discard(BlockDevice top) {
    Optional<Boolean> takes = top.takesDiscard();
    if (takes.isEmpty()) {
      return Finding.hint(
          DIRECTORY, "discard", "unknown", "look at it with: lsblk -D " + mount.source());
    }
    if (!takes.get()) {
      return Finding.ok(DIRECTORY, "discard", "the device takes no notice of freed blocks");
    }
    if (settings.discards()) {
      return Finding.ok(DIRECTORY, "discard", "freed blocks are told to the device at once");
    }
    if (Files.exists(root.resolve(TRIM_TIMER))) {
      return Finding.ok(
          DIRECTORY, "discard", "freed blocks are told to the device by fstrim.timer");
    }
    return Finding.hint(
        DIRECTORY,
        "discard",
        "freed blocks are not told to the device",
        "systemctl enable --now fstrim.timer, or from time to time: fstrim "
            + Advice.quote(mount.point().toString()));
  }

  private static String queue(String disk, String file) {
    return String.format(Locale.ROOT, "/sys/block/%s/queue/%s", disk, file);
  }
}
