package io.kvbm.core.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class NativePlatformTest {

  private static final NativePlatform LINUX = NativePlatform.of("Linux", "amd64");

  private static String best(NativePlatform platform, String... paths) {
    return platform.best(Stream.of(paths)).orElse("none");
  }

  @Test
  void the_jvms_names_become_canonical_ones() {
    assertThat(LINUX).isEqualTo(new NativePlatform("linux", "amd64"));
    assertThat(NativePlatform.of("Mac OS X", "aarch64"))
        .isEqualTo(new NativePlatform("mac", "aarch64"));
    assertThat(NativePlatform.of("Windows 11", "x86_64"))
        .isEqualTo(new NativePlatform("windows", "amd64"));
    assertThat(NativePlatform.of("Plan9", "")).isEqualTo(new NativePlatform("plan9", ""));
  }

  @Test
  void one_for_another_system_or_architecture_is_never_taken() {
    assertThat(
            best(
                LINUX,
                "freebsd/amd64/libx.so",
                "linux/aarch64/libx.so",
                "linux-x86/libx.so",
                "natives/linux_32/libx.so",
                "linux-android/libx.so",
                "win32-x86-64/libx.so"))
        .isEqualTo("none");
  }

  @Test
  void the_clearest_wins_then_the_first() {
    assertThat(best(LINUX, "libx.so", "linux/libx.so", "Linux/x86_64/libx.so"))
        .isEqualTo("Linux/x86_64/libx.so");
    assertThat(best(LINUX, "a/libx.so", "b/libx.so")).isEqualTo("a/libx.so");
    assertThat(best(LINUX, "linux-x86-64/libx.so", "linux_amd64/libx.so"))
        .isEqualTo("linux-x86-64/libx.so");
    assertThat(best(NativePlatform.of("Linux", "aarch64"), "linux/arm64/l.so", "l.so"))
        .isEqualTo("linux/arm64/l.so");
  }

  @Test
  void the_innermost_folder_counts() {
    assertThat(best(LINUX, "com/apple/arm/linux/amd64/libx.so"))
        .isEqualTo("com/apple/arm/linux/amd64/libx.so");
  }

  @Test
  void musl_is_taken_only_where_there_is_no_other() {
    assertThat(best(LINUX, "Linux-Musl/x86_64/libx.so", "libx.so")).isEqualTo("libx.so");
    assertThat(best(LINUX, "Linux-Musl/x86_64/libx.so")).isEqualTo("Linux-Musl/x86_64/libx.so");
  }
}
