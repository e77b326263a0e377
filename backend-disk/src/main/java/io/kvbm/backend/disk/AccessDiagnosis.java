package io.kvbm.backend.disk;

import static io.kvbm.api.spi.Finding.Scope.MACHINE;

import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.spi.Finding;
import io.kvbm.backend.disk.file.Errno;
import io.kvbm.backend.disk.file.Pages;
import io.kvbm.backend.disk.file.Posix;
import io.kvbm.backend.disk.media.FileSystemFamily;
import io.kvbm.backend.disk.media.Mount;
import io.kvbm.backend.disk.media.MountTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Tries the ways to reach files: past the page cache, and through io_uring. */
final class AccessDiagnosis {

  private static final Pattern SECCOMP = Pattern.compile("Seccomp:\\s*(\\d)");
  private static final String FILTER = "2";
  private static final int RING_ENTRIES = 8;

  private final Path root;
  private final @Nullable Posix posix;

  /**
   * @param root the folder that {@code proc} is in
   * @param posix the calls, or null where there are none
   */
  AccessDiagnosis(Path root, @Nullable Posix posix) {
    this.root = root;
    this.posix = posix;
  }

  /** Makes, writes, reads and removes a scratch file. {@return whether that bypassed the cache} */
  Finding direct(Path directory) {
    if (!Files.isDirectory(directory)) {
      return Finding.hint(
          MACHINE,
          "direct-io",
          "not tried: " + directory + " is no directory yet",
          "mkdir -p " + Advice.quote(directory.toString()));
    }
    FileDisk disk = new FileDisk();
    Path template = DiskStorage.temporary(directory);
    try (DiskFile file =
        new ScratchFiles(disk, DirectAccess.REQUIRED).make(template, Pages.ALIGNMENT).file()) {
      disk.unlink(file.path());
      return Finding.ok(
          MACHINE,
          "direct-io",
          "works in %s in pages of %d bytes%s"
              .formatted(directory, file.alignment(), kernelAlignment(file)));
    } catch (KvbmException e) {
      return Finding.missing(MACHINE, "direct-io", e.getMessage(), directAdvice(directory));
    }
  }

  private String kernelAlignment(DiskFile file) {
    return Optional.ofNullable(posix)
        .flatMap(calls -> calls.directAlignment((int) file.descriptor()))
        .map(least -> "; the file system would do with " + least.offset())
        .orElse("");
  }

  private String directAdvice(Path directory) {
    String type =
        MountTable.read(root.resolve("proc/self/mountinfo"))
            .of(directory)
            .map(Mount::type)
            .orElse("");
    return FileSystemFamily.of(type) == FileSystemFamily.MEMORY
        ? type + " has only the page cache: name a directory on ext4 or xfs, --dir DIR"
        : "name a directory that can be written, on ext4 or xfs: --dir DIR";
  }

  /** Makes and closes a ring. {@return whether the kernel lets this process} */
  Finding ioUring() {
    if (posix == null) {
      return Finding.hint(
          MACHINE,
          "io-uring",
          "not tried: the C library cannot be called",
          "run on 64-bit Linux and allow native access: --enable-native-access");
    }
    int result = posix.ioUringSetup(RING_ENTRIES);
    if (result >= 0) {
      posix.close(result);
      return Finding.ok(MACHINE, "io-uring", "works");
    }
    return explain(-result);
  }

  /** {@return why there is no ring} */
  Finding explain(int errno) {
    String number = "io_uring_setup fails with ";
    return switch (errno) {
      case Errno.EPERM -> forbidden(number + "EPERM");
      case Errno.EACCES -> forbidden(number + "EACCES");
      case Errno.ENOSYS ->
          hasFilter()
              ? filtered(number + "ENOSYS and this process has a seccomp filter")
              : Finding.missing(
                  MACHINE,
                  "io-uring",
                  number + "ENOSYS: the kernel is older than 5.1 or built without it",
                  "use a kernel from 5.10 on, with CONFIG_IO_URING");
      case Errno.ENOMEM ->
          Finding.missing(
              MACHINE,
              "io-uring",
              number + "ENOMEM: too little memory may be locked",
              "ulimit -l unlimited, or a kernel from 5.12 on");
      case Errno.EMFILE, Errno.ENFILE ->
          Finding.missing(
              MACHINE, "io-uring", number + "EMFILE: too many open files", "ulimit -n 65536");
      default ->
          Finding.missing(
              MACHINE,
              "io-uring",
              number + "error " + errno,
              "look into the kernel's messages: dmesg");
    };
  }

  private Finding forbidden(String failure) {
    return switch (text("proc/sys/kernel/io_uring_disabled").strip()) {
      case "2" ->
          Finding.missing(
              MACHINE,
              "io-uring",
              failure + ": kernel.io_uring_disabled is 2, nobody may use it",
              "sysctl -w kernel.io_uring_disabled=0; for good in /etc/sysctl.d/kvbm.conf");
      case "1" ->
          Finding.missing(
              MACHINE,
              "io-uring",
              failure + ": kernel.io_uring_disabled is 1, only a group may use it",
              "sysctl -w kernel.io_uring_group=GID of a group of this user, or"
                  + " sysctl -w kernel.io_uring_disabled=0");
      default ->
          hasFilter()
              ? filtered(failure + " and this process has a seccomp filter")
              : Finding.missing(
                  MACHINE,
                  "io-uring",
                  failure + ": a security module forbids it",
                  "allow it in the profile of SELinux or AppArmor: ausearch -m avc, dmesg");
    };
  }

  private static Finding filtered(String failure) {
    return Finding.missing(
        MACHINE,
        "io-uring",
        failure + ", as containers do",
        "give the container a profile that allows io_uring_setup, io_uring_enter and"
            + " io_uring_register: docker run --security-opt seccomp=PROFILE.json");
  }

  private boolean hasFilter() {
    return text("proc/self/status")
        .lines()
        .map(SECCOMP::matcher)
        .filter(Matcher::matches)
        .anyMatch(matcher -> matcher.group(1).equals(FILTER));
  }

  private String text(String file) {
    try {
      return Files.readString(root.resolve(file));
    } catch (IOException e) {
      return "";
    }
  }
}
