package io.kvbm.backend.disk.media;

import io.kvbm.api.store.MediaProfile.Medium;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A disk or a partition as {@code /sys} describes it. Everything is read when it is asked for.
 *
 * @param partition the folder of what was asked for
 * @param disk the folder of the disk it is on; the same where it is a whole disk
 */
public record BlockDevice(Path partition, Path disk) {

  private static final Pattern CHOSEN = Pattern.compile("\\[([\\w-]+)]");
  private static final int MAX_STACK = 8;

  /**
   * {@return the device a mount is on, or empty where it is on none}
   *
   * @param sys where {@code /sys} is
   * @param mount the mount
   */
  public static Optional<BlockDevice> of(Path sys, Mount mount) {
    Path byNumber = sys.resolve("dev/block").resolve(mount.device());
    if (mount.device().startsWith("0:")) { // btrfs numbers its subvolumes itself.
      if (!mount.source().startsWith("/dev/")) {
        return Optional.empty();
      }
      byNumber = sys.resolve("class/block").resolve(Path.of(mount.source()).getFileName());
    }
    return at(byNumber);
  }

  private static Optional<BlockDevice> at(Path folder) {
    try {
      Path partition = folder.toRealPath();
      boolean isPart = Files.exists(partition.resolve("partition"));
      Path parent = partition.getParent();
      return Optional.of(new BlockDevice(partition, isPart && parent != null ? parent : partition));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** {@return the kernel's name, for instance {@code nvme0n1p1}} */
  public String name() {
    return partition.getFileName().toString();
  }

  /** {@return the kernel's name of the whole disk} */
  public String diskName() {
    return disk.getFileName().toString();
  }

  /** {@return the device this one is stacked on, as a volume is, or itself} */
  public BlockDevice bottom() {
    BlockDevice at = this;
    for (int i = 0; i < MAX_STACK; i++) {
      Optional<BlockDevice> next = firstSlave(at);
      if (next.isEmpty()) {
        return at;
      }
      at = next.get();
    }
    return at;
  }

  private static Optional<BlockDevice> firstSlave(BlockDevice device) {
    try (Stream<Path> slaves = Files.list(device.disk().resolve("slaves"))) {
      return slaves.sorted().findFirst().flatMap(BlockDevice::at);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** {@return the kind of medium; empty where it is one that no profile describes} */
  public Optional<Medium> medium() {
    String name = diskName();
    if (name.startsWith("nvme")) {
      return Optional.of(Medium.NVME);
    }
    if (name.startsWith("mmcblk")) {
      return text("device/type").map(type -> type.equals("SD") ? Medium.SD_UHS1 : Medium.EMMC);
    }
    if (isVirtual()) {
      return Optional.of(Medium.VIRTUAL);
    }
    if (isUsb() || isLoop() || isMemory()) {
      return Optional.empty();
    }
    return rotational().map(rotates -> rotates ? Medium.HDD : Medium.SATA_SSD);
  }

  /** {@return whether a hypervisor provides it} */
  public boolean isVirtual() {
    String vendor = text("device/vendor").orElse("");
    return diskName().matches("(vd|xvd)[a-z]+")
        || List.of("QEMU", "VMware", "VBOX", "Msft", "Google").contains(vendor);
  }

  /** {@return whether it hangs on a universal serial bus} */
  public boolean isUsb() {
    return disk.toString().matches(".*/usb\\d+/.*");
  }

  /** {@return whether it is a file that looks like a disk} */
  public boolean isLoop() {
    return diskName().matches("loop\\d+");
  }

  /** {@return whether its blocks are kept in memory} */
  public boolean isMemory() {
    return diskName().matches("(zram|ram|pmem)\\d+");
  }

  /** {@return whether its blocks are gone with the machine's power} */
  public boolean isVolatile() {
    return isMemory() && !diskName().startsWith("pmem");
  }

  /** {@return whether the kernel takes it for a rotating disk} */
  public Optional<Boolean> rotational() {
    return text("queue/rotational").map(text -> text.equals("1"));
  }

  /** {@return the scheduler of its queue} */
  public Optional<String> scheduler() {
    return text("queue/scheduler")
        .map(CHOSEN::matcher)
        .filter(Matcher::find)
        .map(matcher -> matcher.group(1));
  }

  /** {@return how far the kernel reads ahead, in KiB} */
  public OptionalLong readAheadKibibytes() {
    return number("queue/read_ahead_kb");
  }

  /** {@return whether it takes notice of blocks that are free again} */
  public Optional<Boolean> takesDiscard() {
    OptionalLong most = number("queue/discard_max_bytes");
    return most.isPresent() ? Optional.of(most.getAsLong() > 0) : Optional.empty();
  }

  /** {@return {@code write back} where acknowledged writes may still be in its memory} */
  public Optional<String> writeCache() {
    return text("queue/write_cache");
  }

  private OptionalLong number(String file) {
    Optional<String> text = text(file).filter(line -> line.matches("\\d{1,18}"));
    return text.isPresent() ? OptionalLong.of(Long.parseLong(text.get())) : OptionalLong.empty();
  }

  private Optional<String> text(String file) {
    try {
      return Optional.of(Files.readString(disk.resolve(file)).strip());
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
