package io.kvbm.core.plugin;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * An operating system and a processor architecture, as the paths of native libraries in jars name
 * them: {@code linux/amd64/libx.so}, {@code linux-x86_64/libx.so}, {@code
 * natives/linux_64/libx.so}.
 *
 * @param system its canonical name
 * @param architecture its canonical name
 */
record NativePlatform(String system, String architecture) {

  private static final Map<String, String> SYSTEMS =
      Map.ofEntries(
          Map.entry("linux", "linux"),
          Map.entry("freebsd", "freebsd"),
          Map.entry("openbsd", "openbsd"),
          Map.entry("netbsd", "netbsd"),
          Map.entry("dragonflybsd", "dragonflybsd"),
          Map.entry("sunos", "sunos"),
          Map.entry("aix", "aix"),
          Map.entry("darwin", "mac"),
          Map.entry("mac", "mac"),
          Map.entry("macos", "mac"),
          Map.entry("macosx", "mac"),
          Map.entry("osx", "mac"),
          Map.entry("apple", "mac"),
          Map.entry("win", "windows"),
          Map.entry("win32", "windows"),
          Map.entry("windows", "windows"),
          Map.entry("android", "android"));

  private static final Map<String, String> ARCHITECTURES =
      Map.ofEntries(
          Map.entry("amd64", "amd64"),
          Map.entry("x64", "amd64"),
          Map.entry("aarch64", "aarch64"),
          Map.entry("arm64", "aarch64"),
          Map.entry("arm", "arm"),
          Map.entry("armv7", "arm"),
          Map.entry("armv6", "arm"),
          Map.entry("armhf", "arm"),
          Map.entry("armel", "arm"),
          Map.entry("32", "x86"),
          Map.entry("ppc", "ppc"),
          Map.entry("sparc", "sparc"),
          Map.entry("sparcv9", "sparc"),
          Map.entry("mips64el", "mips64el"),
          Map.entry("i386", "x86"),
          Map.entry("i586", "x86"),
          Map.entry("i686", "x86"),
          Map.entry("x86", "x86"),
          Map.entry("ppc64", "ppc64"),
          Map.entry("ppc64le", "ppc64le"),
          Map.entry("s390x", "s390x"),
          Map.entry("riscv64", "riscv64"),
          Map.entry("loongarch64", "loongarch64"),
          Map.entry("mips64", "mips64"));

  /** This machine's. */
  static final NativePlatform CURRENT =
      of(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));

  static NativePlatform of(String system, String architecture) {
    String firstWord = words(system).stream().findFirst().orElse("");
    String arch = words(architecture).stream().findFirst().orElse("");
    return new NativePlatform(
        SYSTEMS.getOrDefault(firstWord, firstWord), ARCHITECTURES.getOrDefault(arch, arch));
  }

  /**
   * {@return the path whose folders say most clearly that it is for this platform; one that names
   * another system or architecture is never taken, and one for musl only where there is no other}
   *
   * @param paths with {@code /} between folders; the first of equals wins
   */
  Optional<String> best(Stream<String> paths) {
    return paths
        .filter(path -> fits(path, SYSTEMS, system) && fits(path, ARCHITECTURES, architecture))
        .min(
            Comparator.comparing((String path) -> folders(path).contains("musl"))
                .thenComparingInt(path -> -clarity(path)));
  }

  private static boolean fits(String path, Map<String, String> known, String wanted) {
    Optional<String> named = named(path, known);
    return named.isEmpty() || named.get().equals(wanted);
  }

  private static int clarity(String path) {
    return (named(path, SYSTEMS).isPresent() ? 1 : 0)
        + (named(path, ARCHITECTURES).isPresent() ? 1 : 0);
  }

  /** The last word counts: {@code com/apple/linux/amd64} and {@code linux-android}. */
  private static Optional<String> named(String path, Map<String, String> known) {
    return folders(path).reversed().stream().filter(known::containsKey).findFirst().map(known::get);
  }

  private static List<String> folders(String path) {
    return words(path.substring(0, path.lastIndexOf('/') + 1));
  }

  private static List<String> words(String text) {
    String lower =
        text.toLowerCase(Locale.ROOT).replace("x86_64", "amd64").replace("x86-64", "amd64");
    return Stream.of(lower.split("[^a-z0-9]+")).filter(word -> !word.isEmpty()).toList();
  }
}
