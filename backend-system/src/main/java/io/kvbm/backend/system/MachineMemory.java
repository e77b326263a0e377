package io.kvbm.backend.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * How much memory the machine, or the control group this process runs in, has and can still give.
 * Asked before a large allocation, because Linux promises more than it has and ends the process
 * that takes it at its word.
 */
final class MachineMemory {

  /** Where nothing limits, or nothing can be read. */
  static final long UNKNOWN = Long.MAX_VALUE;

  /** This machine. */
  static final MachineMemory LOCAL = new MachineMemory(Path.of("/proc"), Path.of("/sys/fs/cgroup"));

  private final Path proc;
  private final Path cgroups;
  private final long machineByteSize;
  private final long groupByteSize;

  MachineMemory(Path proc, Path cgroups) {
    this.proc = proc;
    this.cgroups = cgroups;
    this.machineByteSize = meminfo("MemTotal:");
    this.groupByteSize = groupLimits(false);
  }

  /**
   * {@return bytes that can now be taken without anybody being ended for it, or {@link #UNKNOWN}}
   */
  long availableByteSize() {
    return Math.min(meminfo("MemAvailable:"), groupLimits(true));
  }

  /** {@return bytes this process can have at most, read once, or {@link #UNKNOWN}} */
  long totalByteSize() {
    return Math.min(machineByteSize, groupByteSize);
  }

  /** {@return bytes the machine has, read once, or {@link #UNKNOWN}} */
  long machineByteSize() {
    return machineByteSize;
  }

  /** {@return bytes the control group allows, read once, or {@link #UNKNOWN}} */
  long groupByteSize() {
    return groupByteSize;
  }

  private long meminfo(String name) {
    long kibibytes = field(proc.resolve("meminfo"), name);
    return kibibytes == UNKNOWN ? UNKNOWN : kibibytes * 1024;
  }

  private long groupLimits(boolean minusUsed) {
    long least = UNKNOWN;
    for (String line : lines(proc.resolve("self/cgroup"))) {
      String[] parts = line.split(":", 3);
      if (parts.length == 3 && parts[1].isEmpty()) {
        least = Math.min(least, limitsUpFrom(cgroups, parts[2], GroupFiles.V2, minusUsed));
      } else if (parts.length == 3 && List.of(parts[1].split(",")).contains("memory")) {
        least =
            Math.min(
                least, limitsUpFrom(cgroups.resolve("memory"), parts[2], GroupFiles.V1, minusUsed));
      }
    }
    return least;
  }

  /** A group is bound by its own limit and by that of each group above it. */
  private static long limitsUpFrom(Path root, String group, GroupFiles names, boolean minusUsed) {
    long least = UNKNOWN;
    Path folder = root.resolve(group.replaceFirst("^/+", "")).normalize();
    if (!folder.startsWith(root)) {
      folder = root; // the group lies outside what a container shows of the tree
    }
    while (folder != null && folder.startsWith(root)) {
      long limit = number(folder.resolve(names.limit));
      if (limit != UNKNOWN && minusUsed) {
        limit = Math.max(0, limit - held(folder, names));
      }
      least = Math.min(least, limit);
      folder = folder.getParent();
    }
    return least;
  }

  /** What a group uses without the page cache, which is given up when memory is asked for. */
  private static long held(Path folder, GroupFiles names) {
    long used = known(number(folder.resolve(names.used)));
    Path stat = folder.resolve("memory.stat");
    long cache =
        known(field(stat, names.statPrefix + "inactive_file"))
            + known(field(stat, names.statPrefix + "active_file"));
    return Math.max(0, used - cache);
  }

  private static long known(long value) {
    return value == UNKNOWN ? 0 : value;
  }

  private static long field(Path file, String name) {
    for (String line : lines(file)) {
      @SuppressWarnings("StringSplitter") // the line is stripped: no word is empty
      String[] words = line.strip().split("\\s+");
      if (words.length > 1 && words[0].equals(name)) {
        return parse(words[1]);
      }
    }
    return UNKNOWN;
  }

  private static long number(Path file) {
    List<String> lines = lines(file);
    return lines.isEmpty() ? UNKNOWN : parse(lines.getFirst());
  }

  private static long parse(String text) {
    try {
      return Long.parseLong(text.strip());
    } catch (NumberFormatException e) {
      return UNKNOWN; // "max"
    }
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of();
    }
  }

  /** What the files of a control group are called in the two versions of the interface. */
  private enum GroupFiles {
    V1("memory.limit_in_bytes", "memory.usage_in_bytes", "total_"),
    V2("memory.max", "memory.current", "");

    private final String limit;
    private final String used;
    private final String statPrefix;

    GroupFiles(String limit, String used, String statPrefix) {
      this.limit = limit;
      this.used = used;
      this.statPrefix = statPrefix;
    }
  }
}
