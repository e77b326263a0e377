package io.kvbm.bench.report;

import io.kvbm.api.spi.ByteSizes;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Where and what a benchmark measured, in words. */
final class Machine {

  private static final String UNKNOWN = "unknown";

  private Machine() {}

  /** Returns processor, cores, memory, operating system and Java, in one line. */
  static String describe() {
    return "%s, %d cores, %s memory, %s %s, Java %s"
        .formatted(
            processor(),
            Runtime.getRuntime().availableProcessors(),
            memory(),
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            Runtime.version());
  }

  /**
   * Returns the commit of the checkout that runs, marked where it has changes; or that it is
   * unknown.
   */
  static String commit() {
    String home = System.getProperty("kvbm.home");
    Path folder = Path.of(home == null ? "." : home);
    Optional<String> id = git(folder, "rev-parse", "--short=12", "HEAD").filter(s -> !s.isEmpty());
    if (id.isEmpty()) {
      return UNKNOWN;
    }
    boolean changed =
        git(folder, "status", "--porcelain").filter(lines -> !lines.isEmpty()).isPresent();
    return changed ? id.get() + "-dirty" : id.get();
  }

  /** Returns what git says, or empty where there is no git or no checkout. */
  private static Optional<String> git(Path folder, String... arguments) {
    List<String> command =
        Stream.concat(Stream.of("git", "-C", folder.toString()), Stream.of(arguments)).toList();
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      process.getOutputStream().close();
      String answer;
      try (BufferedReader output = process.inputReader()) {
        answer = String.join("\n", output.readAllLines()).strip();
      }
      return process.waitFor() == 0 ? Optional.of(answer) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  private static String processor() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(System.getProperty("os.arch"));
    } catch (IOException e) {
      return System.getProperty("os.arch");
    }
  }

  private static String memory() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? ByteSizes.format(system.getTotalMemorySize())
        : UNKNOWN;
  }
}
