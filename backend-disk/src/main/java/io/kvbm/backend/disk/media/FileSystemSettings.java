package io.kvbm.backend.disk.media;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How a file system that is mounted works, as far as it can be told without the superblock. The
 * mount table leaves out what is at its default, and for some settings the default stands in the
 * superblock; ext4 lists everything in {@code /proc/fs/ext4/DEVICE/options}.
 */
public final class FileSystemSettings {

  private static final int EXT4_COMMIT_SECONDS = 5;
  private static final int BTRFS_COMMIT_SECONDS = 30;

  /** What {@link #dataMode} says of a file system without a journal. */
  public static final String NO_JOURNAL = "no journal";

  private final Mount mount;
  private final Optional<List<String>> complete;

  /**
   * @param proc where {@code /proc} is
   * @param mount the mount
   * @param device what it is on, if there is something
   */
  public FileSystemSettings(Path proc, Mount mount, Optional<BlockDevice> device) {
    this.mount = mount;
    this.complete =
        isExt(mount.type()) ? device.flatMap(found -> read(proc, found.name())) : Optional.empty();
  }

  private static Optional<List<String>> read(Path proc, String device) {
    try {
      List<String> lines =
          Files.readAllLines(proc.resolve("fs/ext4").resolve(device).resolve("options"));
      return Optional.of(lines.stream().map(String::strip).toList());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** {@return whether it is one of the extended file systems, all served by one driver} */
  public static boolean isExt(String type) {
    return type.equals("ext4") || type.equals("ext3") || type.equals("ext2");
  }

  /** {@return whether blocks are chosen only when data is written back; empty if unknown} */
  public Optional<Boolean> delayedAllocation() {
    if (complete.isPresent()) {
      return complete.map(options -> options.contains("delalloc"));
    }
    return switch (mount.type()) {
      case "xfs", "btrfs", "zfs" -> Optional.of(true);
      case "ext4" -> Optional.of(!mount.has("nodelalloc") && !mount.has("data=journal"));
      case "ext2", "ext3" -> Optional.of(mount.has("delalloc"));
      default -> Optional.empty();
    };
  }

  /**
   * {@return {@code ordered}, {@code journal}, {@code writeback} or {@link #NO_JOURNAL}; empty if
   * unknown}
   */
  public Optional<String> dataMode() {
    if (complete.isPresent()) {
      return Optional.of(value(complete.get().stream(), "data").orElse(NO_JOURNAL));
    }
    return mount.value("data");
  }

  /** {@return whether the order of journal and data is kept in the device's cache, too} */
  public Optional<Boolean> barrier() {
    Stream<String> options =
        complete
            .map(List::stream)
            .orElseGet(
                () -> Stream.concat(mount.options().stream(), mount.superOptions().stream()));
    Optional<Boolean> said =
        options
            .flatMap(
                option ->
                    switch (option) {
                      case "barrier", "barrier=1" -> Stream.of(true);
                      case "nobarrier", "barrier=0", "fsync_mode=nobarrier" -> Stream.of(false);
                      default -> Stream.<Boolean>empty();
                    })
            .findFirst();
    boolean isOnByDefault = mount.type().equals("xfs") || mount.type().equals("btrfs");
    return said.isEmpty() && isOnByDefault ? Optional.of(true) : said;
  }

  /** {@return after how many seconds changes are written at the latest; empty if there is none} */
  public Optional<Integer> commitSeconds() {
    Optional<Integer> said =
        complete
            .flatMap(options -> value(options.stream(), "commit"))
            .or(() -> mount.value("commit"))
            .filter(text -> text.matches("\\d{1,9}"))
            .map(Integer::parseInt);
    return said.or(
        () ->
            switch (mount.type()) {
              case "ext3", "ext4" -> Optional.of(EXT4_COMMIT_SECONDS);
              case "btrfs" -> Optional.of(BTRFS_COMMIT_SECONDS);
              default -> Optional.empty();
            });
  }

  /** {@return whether freed blocks are told to the device at once} */
  public boolean discards() {
    return mount.has("discard") || mount.value("discard").isPresent();
  }

  private static Optional<String> value(Stream<String> options, String name) {
    return options
        .filter(option -> option.startsWith(name + "="))
        .map(option -> option.substring(name.length() + 1))
        .findFirst();
  }
}
