package io.kvbm.cli.doctor;

import static io.kvbm.api.spi.Finding.Scope.MACHINE;

import io.kvbm.api.spi.Finding;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/** The processor, how much of it this process may use, and which vectors it has. */
final class ProcessorCheck {

  private static final String NAME = "processor";

  /** What copies, checksums and codecs gain from, as x86-64 and AArch64 call it. */
  private static final List<String> VECTORS =
      List.of(
          "sse4_2",
          "avx",
          "avx2",
          "avx512f",
          "avx512bw",
          "avx512vl",
          "avx512_vnni",
          "avx512_bf16",
          "amx_tile",
          "asimd",
          "sve",
          "sve2",
          "i8mm",
          "bf16");

  private final MachineFiles files;
  private final int usable;

  /**
   * @param files the machine's files
   * @param usable the processors the JVM counts, after affinity and control groups
   */
  ProcessorCheck(MachineFiles files, int usable) {
    this.files = files;
    this.usable = usable;
  }

  /** {@return what was found} */
  Finding finding() {
    List<String> lines = files.lines("proc/cpuinfo");
    long all = lines.stream().filter(line -> line.matches("processor\\s*:.*")).count();
    if (all == 0) {
      return Finding.hint(
          MACHINE,
          NAME,
          "%d usable, the rest is unknown: /proc/cpuinfo cannot be read".formatted(usable),
          "mount -t proc proc /proc");
    }
    List<String> flags =
        value(lines, "flags").or(() -> value(lines, "Features")).stream()
            .flatMap(text -> Arrays.stream(text.split("\\s+")))
            .toList();
    List<String> vectors = VECTORS.stream().filter(flags::contains).toList();
    String model =
        value(lines, "model name").or(() -> files.line("proc/device-tree/model")).orElse("unknown");
    String found =
        "%s, %d of %d cores usable%s, vectors: %s"
            .formatted(
                model.replace("\0", ""),
                usable,
                all,
                quotaText(),
                vectors.isEmpty() ? "none known" : String.join(" ", vectors));
    return vectors.contains("avx2") || vectors.contains("asimd")
        ? Finding.ok(MACHINE, NAME, found)
        : Finding.hint(
            MACHINE,
            NAME,
            found,
            "use a processor with AVX2, or let the virtual machine show it: copies, checksums and"
                + " codecs are slower without");
  }

  private static Optional<String> value(List<String> lines, String key) {
    return lines.stream()
        .map(line -> line.split(":", 2))
        .filter(parts -> parts.length == 2 && parts[0].strip().equals(key))
        .map(parts -> parts[1].strip())
        .findFirst();
  }

  private String quotaText() {
    OptionalDouble quota = quota();
    return quota.isEmpty()
        ? ""
        : String.format(
            Locale.ROOT, " (the control group allows %.1f at a time)", quota.getAsDouble());
  }

  /** The least of the limits of this process's group and of those above it. */
  private OptionalDouble quota() {
    return files.lines("proc/self/cgroup").stream()
        .map(line -> line.split(":", 3))
        .filter(parts -> parts.length == 3)
        .flatMap(parts -> quotas(parts[1], parts[2]))
        .mapToDouble(Double::doubleValue)
        .min();
  }

  private Stream<Double> quotas(String controllers, String group) {
    if (controllers.isEmpty()) {
      return upFrom("sys/fs/cgroup", group)
          .flatMap(folder -> files.line(folder + "/cpu.max").stream())
          .map(text -> text.split("\\s+"))
          .filter(parts -> parts.length == 2)
          .flatMap(parts -> ratio(parts[0], parts[1]));
    }
    if (!List.of(controllers.split(",")).contains("cpu")) {
      return Stream.empty();
    }
    return upFrom("sys/fs/cgroup/cpu", group)
        .flatMap(
            folder ->
                ratio(
                    files.line(folder + "/cpu.cfs_quota_us").orElse(""),
                    files.line(folder + "/cpu.cfs_period_us").orElse("")));
  }

  /** In a container the path of the group may lie outside what it sees; then its root counts. */
  private static Stream<String> upFrom(String top, String group) {
    try {
      Path root = Path.of(top);
      Path folder = root.resolve(group.replaceFirst("^/+", "")).normalize();
      Path start = folder.startsWith(root) ? folder : root;
      return Stream.iterate(start, at -> at != null && at.startsWith(root), Path::getParent)
          .map(Path::toString);
    } catch (InvalidPathException e) {
      return Stream.of(top);
    }
  }

  /** Without a limit the quota is {@code max} or -1. */
  private static Stream<Double> ratio(String quota, String period) {
    boolean isLimit = quota.matches("[1-9]\\d{0,15}") && period.matches("[1-9]\\d{0,15}");
    return isLimit
        ? Stream.of((double) Long.parseLong(quota) / Long.parseLong(period))
        : Stream.empty();
  }
}
