package io.kvbm.cli.doctor;

import static io.kvbm.api.spi.Finding.Scope.MACHINE;

import io.kvbm.api.spi.Finding;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What can be told of a machine by its files alone, for which no backend is needed. */
final class MachineChecks {

  private static final Pattern OPEN_FILES =
      Pattern.compile("Max open files\\s+(\\S+)\\s+(\\S+)\\s+files\\s*");
  private static final Pattern RELEASE = Pattern.compile("(\\d{1,4})\\.(\\d{1,4}).*");
  private static final int ENOUGH_OPEN_FILES = 4096;

  private final MachineFiles files;

  MachineChecks(MachineFiles files) {
    this.files = files;
  }

  /** {@return one finding for each check} */
  List<Finding> findings() {
    ProcessorCheck processor =
        new ProcessorCheck(files, Runtime.getRuntime().availableProcessors());
    AcceleratorChecks accelerators = new AcceleratorChecks(files);
    return List.of(
        processor.finding(), openFiles(), accelerators.gpu(), accelerators.ucx(), java(), kernel());
  }

  private Finding openFiles() {
    Optional<Matcher> limits =
        files.lines("proc/self/limits").stream()
            .map(OPEN_FILES::matcher)
            .filter(Matcher::matches)
            .findFirst();
    if (limits.isEmpty()) {
      return Finding.hint(
          MACHINE,
          "open-files",
          "unknown: /proc/self/limits does not say",
          "look at it with: ulimit -n");
    }
    String soft = limits.get().group(1);
    String hard = limits.get().group(2);
    String found = soft.equals(hard) ? soft : soft + ", can be raised to " + hard;
    if (!soft.matches("\\d{1,9}") || Integer.parseInt(soft) >= ENOUGH_OPEN_FILES) {
      return Finding.ok(MACHINE, "open-files", found);
    }
    return Finding.hint(
        MACHINE,
        "open-files",
        found,
        "ulimit -n 65536; for good '* - nofile 65536' in /etc/security/limits.d/kvbm.conf, in a"
            + " systemd unit LimitNOFILE=65536, in a container --ulimit nofile=65536");
  }

  private static Finding java() {
    return Finding.ok(
        MACHINE,
        "java",
        "%s, %s".formatted(Runtime.version(), System.getProperty("java.vendor", "unknown vendor")));
  }

  private Finding kernel() {
    Optional<String> release = files.line("proc/sys/kernel/osrelease");
    if (release.isEmpty()) {
      return Finding.hint(
          MACHINE,
          "kernel",
          "no Linux, or /proc is not mounted: files are reached through the JDK alone",
          "run on 64-bit Linux with /proc mounted");
    }
    Matcher version = RELEASE.matcher(release.get());
    boolean isOld =
        version.matches()
            && Integer.parseInt(version.group(1)) * 10_000 + Integer.parseInt(version.group(2))
                < 5 * 10_000 + 10;
    return isOld
        ? Finding.hint(
            MACHINE,
            "kernel",
            release.get() + ": io_uring is young or not there",
            "use a kernel from 5.10 on; from 6.1 on it tells the alignment of direct access")
        : Finding.ok(MACHINE, "kernel", release.get());
  }
}
