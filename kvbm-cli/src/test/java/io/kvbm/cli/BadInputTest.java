package io.kvbm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.cli.settings.Surroundings;
import io.kvbm.core.Platform;
import io.kvbm.testkit.RequiredTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user can get wrong: one line that says what, the exit code, and nothing left behind. */
class BadInputTest {

  @TempDir private Path folder;
  @TempDir private Path diskFolder;
  private Path trace;

  @BeforeEach
  void writeTrace() throws IOException {
    trace =
        Files.writeString(
            folder.resolve("t.jsonl"),
            """
            {"timestamp":0,"hash_ids":[1,2,3]}
            {"timestamp":1,"hash_ids":[1,2,4]}
            """);
  }

  @AfterEach
  void nothingIsLeftBehind() throws IOException {
    assertThat(entries(diskFolder)).isEmpty();
  }

  private Invocation replay(Path disk, String... more) {
    List<String> args = new ArrayList<>(List.of("replay", "--trace", trace.toString()));
    args.addAll(List.of(more));
    Map<String, String> scratch = Map.of("KVBM_BACKENDS_DISK_DIR", disk.toString());
    return Invocation.in(new Surroundings(scratch, Optional.empty()), args.toArray(String[]::new));
  }

  private static void assertFailure(Invocation ran, String... parts) {
    assertThat(ran.exitCode()).as(ran.err()).isEqualTo(1);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err().lines())
        .singleElement()
        .asString()
        .startsWith("kvbm: ")
        .contains(parts)
        .doesNotContain("Exception", "defect");
  }

  private static void assertUsageError(Invocation ran, String... parts) {
    assertThat(ran.exitCode()).as(ran.err()).isEqualTo(2);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err().lines()).hasSize(2);
    assertThat(ran.err().lines().findFirst().orElseThrow()).startsWith("kvbm: ").contains(parts);
    assertThat(ran.err()).contains("--help");
  }

  private static List<Path> entries(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.toList();
    }
  }

  @Test
  void a_missing_file_is_named() throws IOException {
    Files.delete(trace);

    assertFailure(replay(diskFolder), "trace " + trace + " does not exist");
    assertFailure(replay(diskFolder, "--json"), "trace " + trace + " does not exist");
  }

  @Test
  void a_cut_off_line_is_named_by_its_number() throws IOException {
    Files.writeString(trace, Files.readString(trace) + "{\"timestamp\":2,\"hash_ids\":[1,2");

    Invocation ran = replay(diskFolder, "--json");

    assertFailure(ran, trace + " line 3 is not complete, correct JSON");
    assertThat(ran.err()).doesNotContain("Source", "line: 1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--device", "--host", "--disk"})
  void a_negative_capacity_is_a_usage_error(String tier) {
    assertUsageError(
        Invocation.of("replay", "--disk-dir", diskFolder.toString(), tier, "-7"),
        tier + " -7 is negative");
  }

  @Test
  void an_unknown_policy_is_answered_with_the_known_ones() {
    assertUsageError(
        replay(diskFolder, "--policy", "lruu"), "unknown policy 'lruu'", "fifo", "lru", "priority");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/proc/nonexistent", "/sys"})
  void a_directory_that_cannot_be_written_is_named(String directory) {
    RequiredTools.assumeOrFail(
        "procfs",
        Files.isDirectory(Path.of("/proc/sys")) && Files.isDirectory(Path.of("/sys")),
        "this system has no /proc and /sys, where not even root makes files");

    assertFailure(replay(Path.of(directory), "--json"), directory);
  }

  @Test
  void a_file_is_no_directory() {
    assertFailure(replay(trace), trace.toString(), "File exists");
  }

  @Test
  void a_full_disk_names_what_was_asked_for_and_what_is_left() throws Exception {
    Path small = Files.createDirectory(folder.resolve("small"));
    RequiredTools.assumeOrFail(
        "mount",
        run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small.toString()) == 0,
        "mounting a tmpfs is not permitted here; run as root");
    try {
      assertFailure(
          replay(small, "--disk", "1000", "--json"),
          "No space left on device",
          "bytes asked for, the file system has 83",
          "left: free some");
      assertThat(entries(small)).isEmpty();

      Invocation fits = replay(small, "--disk", "100", "--device", "1", "--host", "1", "--json");
      assertThat(fits.exitCode()).as(fits.err()).isZero();
      assertThat(fits.err()).isEmpty();
      assertThat(entries(small)).isEmpty();
    } finally {
      assertThat(run("umount", small.toString())).isZero();
    }
  }

  private static int run(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      return -1;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--device, 64KiB, 131072000004095",
    "--host, 64KiB, 131072000004095",
    "--device, 4GiB, 8589934592000004095"
  })
  void more_memory_than_there_is_is_refused_before_it_is_taken(
      String tier, String blockBytes, String requested) {
    assertFailure(
        replay(diskFolder, "--block-bytes", blockBytes, "--disk", "0", tier, "2000000000"),
        requested + " bytes",
        "requested, the machine has",
        "ask for less");
  }

  @Test
  void more_disk_than_there_is_is_refused() {
    String[] args = "--block-bytes 4GiB --device 0 --host 0 --disk 2000000000".split(" ");

    assertFailure(replay(diskFolder, args), "128000000000 bytes", "ask for fewer slots");
  }

  @ParameterizedTest
  @ValueSource(strings = {"system", "disk", "null"})
  void a_storage_of_size_zero_is_refused_in_one_line(String kind) {
    BackendConfig config =
        kind.equals("disk")
            ? BackendConfig.of("dir", diskFolder.toString())
            : BackendConfig.empty();
    try (Platform platform = Platform.load()) {
      assertThatThrownBy(() -> platform.allocator(kind, config).allocate(0))
          .isInstanceOf(KvbmException.class)
          .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1))
          .hasMessageContaining("0");
    }
  }
}
