package io.kvbm.backend.system;

import io.kvbm.api.spi.ByteSizes;
import io.kvbm.api.spi.Finding;
import io.kvbm.api.spi.Finding.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What this machine and this process have for memory: how much, how much locked, which pages. */
final class MachineDiagnosis {

  private static final Pattern LOCK_LIMIT =
      Pattern.compile("Max locked memory\\s+(\\S+)\\s+(\\S+)\\s+bytes\\s*");
  private static final Pattern CAPABILITIES = Pattern.compile("CapEff:\\s*([0-9a-fA-F]{1,16})");
  private static final Pattern HUGE_PAGE_FOLDER = Pattern.compile("hugepages-(\\d+)kB");
  private static final int CAP_IPC_LOCK = 14;

  private final Path root;
  private final MachineMemory memory;

  /**
   * @param root the folder that {@code proc} and {@code sys} are in
   */
  MachineDiagnosis(Path root) {
    this.root = root;
    this.memory = new MachineMemory(root.resolve("proc"), root.resolve("sys/fs/cgroup"));
  }

  /** {@return one finding for each check} */
  List<Finding> findings() {
    return List.of(memory(), memoryLock(), hugePages());
  }

  private Finding memory() {
    long machine = memory.machineByteSize();
    long group = memory.groupByteSize();
    if (machine == MachineMemory.UNKNOWN) {
      return Finding.hint(
          Scope.MACHINE,
          "memory",
          "unknown: /proc/meminfo cannot be read",
          "say how much kvbm may take: setting 'budget' of the backend 'system'");
    }
    String limit =
        group >= machine
            ? "no control group limits it"
            : "the control group allows " + ByteSizes.format(group);
    long available = memory.availableByteSize();
    String now =
        available == MachineMemory.UNKNOWN
            ? ""
            : ", %s available now".formatted(ByteSizes.format(available));
    return Finding.ok(Scope.MACHINE, "memory", ByteSizes.format(machine) + ", " + limit + now);
  }

  /** Page-locked memory and buffers registered with a device count against the limit. */
  private Finding memoryLock() {
    Optional<Matcher> limits =
        lines("proc/self/limits").stream()
            .map(LOCK_LIMIT::matcher)
            .filter(Matcher::matches)
            .findFirst();
    if (limits.isEmpty()) {
      return Finding.hint(
          Scope.MACHINE,
          "memory-lock",
          "unknown: /proc/self/limits does not say",
          "look at it with: ulimit -l");
    }
    String limit = limits.get().group(1);
    if (!limit.matches("\\d{1,18}")) {
      return Finding.ok(Scope.MACHINE, "memory-lock", limit);
    }
    long byteSize = Long.parseLong(limit);
    String text = ByteSizes.format(byteSize);
    if (hasCapability(CAP_IPC_LOCK)) {
      return Finding.ok(
          Scope.MACHINE,
          "memory-lock",
          text + ", which does not bind this process: it has CAP_IPC_LOCK");
    }
    if (byteSize >= memory.totalByteSize()) {
      return Finding.ok(Scope.MACHINE, "memory-lock", text + ", as much as there is");
    }
    return Finding.hint(
        Scope.MACHINE,
        "memory-lock",
        text + " at most can be page-locked or registered with a device",
        "ulimit -l unlimited; for good '* - memlock unlimited' in /etc/security/limits.d/kvbm.conf,"
            + " in a systemd unit LimitMEMLOCK=infinity, in a container --ulimit memlock=-1");
  }

  private boolean hasCapability(int bit) {
    return lines("proc/self/status").stream()
        .map(CAPABILITIES::matcher)
        .filter(Matcher::matches)
        .anyMatch(matcher -> (Long.parseUnsignedLong(matcher.group(1), 16) >>> bit & 1) == 1);
  }

  private Finding hugePages() {
    String mode = HugePages.kernelMode(root);
    String reserved = reservedHugePages();
    String found =
        "transparent huge pages: " + (mode.isEmpty() ? "not offered" : mode) + "; " + reserved;
    return switch (mode) {
      case "madvise", "always" -> Finding.ok(Scope.MACHINE, "huge-pages", found);
      case "" ->
          Finding.hint(
              Scope.MACHINE,
              "huge-pages",
              found,
              "use a kernel built with CONFIG_TRANSPARENT_HUGEPAGE; ordinary pages work, slower");
      default ->
          Finding.hint(
              Scope.MACHINE,
              "huge-pages",
              found,
              "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled");
    };
  }

  private String reservedHugePages() {
    Path folder = root.resolve("sys/kernel/mm/hugepages");
    List<Long> sizes = new ArrayList<>();
    try (Stream<Path> entries = Files.list(folder)) {
      entries
          .map(entry -> HUGE_PAGE_FOLDER.matcher(entry.getFileName().toString()))
          .filter(Matcher::matches)
          .forEach(matcher -> sizes.add(Long.parseLong(matcher.group(1))));
    } catch (IOException e) {
      sizes.clear();
    }
    if (sizes.isEmpty()) {
      return "none can be reserved (HugeTLB)";
    }
    return sizes.stream()
        .sorted()
        .map(kibibytes -> reserved(folder.resolve("hugepages-" + kibibytes + "kB"), kibibytes))
        .collect(Collectors.joining(", ", "reserved (HugeTLB): ", ""));
  }

  private String reserved(Path folder, long kibibytes) {
    return "%s free of %s of %s"
        .formatted(
            count(folder.resolve("free_hugepages")),
            count(folder.resolve("nr_hugepages")),
            ByteSizes.format(kibibytes * 1024));
  }

  private String count(Path file) {
    List<String> lines = lines(root.relativize(file).toString());
    return lines.isEmpty() ? "?" : lines.getFirst().strip();
  }

  private List<String> lines(String file) {
    try {
      return Files.readAllLines(root.resolve(file));
    } catch (IOException e) {
      return List.of();
    }
  }
}
