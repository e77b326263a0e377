package io.kvbm.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.Finding;
import io.kvbm.api.spi.Finding.Scope;
import io.kvbm.api.spi.Spi;
import io.kvbm.api.spi.SpiVersion;
import io.kvbm.cli.Invocation;
import io.kvbm.cli.JsonText;
import io.kvbm.cli.spi.CommandProvider;
import io.kvbm.core.Platform;
import io.kvbm.testkit.RequiredTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorCommandTest {

  @TempDir private Path folder;

  /** A provider that can be asked, not opened. */
  private record Asked(
      String name, List<ConfigKey> configKeys, Function<BackendConfig, List<Finding>> answer)
      implements BackendProvider {

    @Override
    public SpiVersion builtFor() {
      return new SpiVersion(Spi.MAJOR, Spi.MINOR);
    }

    @Override
    public Set<String> storageKinds() {
      return Set.of("warm");
    }

    @Override
    public Availability probe(BackendConfig config) {
      return new Availability.Available("");
    }

    @Override
    public List<Finding> diagnose(BackendConfig config) {
      return answer.apply(config);
    }

    @Override
    public Backend open(BackendContext context, BackendConfig config) {
      throw new AssertionError("a check opens nothing");
    }
  }

  private static Invocation doctor(List<BackendProvider> backends, String... args) {
    CommandProvider command =
        () ->
            new DoctorCommand(
                () -> Platform.builder().providers(backends).build(), MachineFiles.ofProcess());
    List<String> line = new ArrayList<>(List.of("doctor"));
    line.addAll(List.of(args));
    return Invocation.of(List.of(command), line.toArray(String[]::new));
  }

  @SuppressWarnings("unchecked")
  private static List<Map<String, Object>> list(Map<String, Object> of, String key) {
    return (List<Map<String, Object>>) of.get(key);
  }

  private static Map<String, Object> named(List<Map<String, Object>> findings, String name) {
    return findings.stream().filter(f -> name.equals(f.get("name"))).findFirst().orElseThrow();
  }

  @Test
  @SuppressWarnings("unchecked")
  void this_machine_and_a_directory_are_one_document() throws IOException {
    Invocation ran = Invocation.of("doctor", "--dir", folder.toString(), "--json");

    assertThat(ran.exitCode()).as(ran.err()).isZero();
    Map<String, Object> document = JsonText.object(ran.out());
    assertThat(document.keySet()).containsExactly("machine", "directory");
    List<Map<String, Object>> machine = list(document, "machine");
    assertThat(machine)
        .extracting(finding -> finding.get("name"))
        .containsExactly(
            "processor",
            "memory",
            "memory-lock",
            "huge-pages",
            "open-files",
            "direct-io",
            "io-uring",
            "disk-engine",
            "gpu",
            "ucx",
            "java",
            "kernel");
    Map<String, Object> directory = (Map<String, Object>) document.get("directory");
    assertThat(directory.keySet()).containsExactly("path", "mount", "findings");
    assertThat(directory).containsEntry("path", folder.toRealPath().toString());
    assertThat(folder.toRealPath()).startsWith(Path.of((String) directory.get("mount")));
    List<Map<String, Object>> all = new ArrayList<>(machine);
    all.addAll(list(directory, "findings"));
    assertThat(all).hasSizeGreaterThan(20);
    for (Map<String, Object> finding : all) {
      assertThat(finding.keySet()).containsExactly("name", "status", "found", "advice");
      assertThat(finding.get("status")).isIn("ok", "hint", "missing");
      assertThat((String) finding.get("found")).isNotBlank().doesNotContain("not checked");
      assertThat(finding.get("status").equals("ok") || !((String) finding.get("advice")).isBlank())
          .as("%s says what to do", finding)
          .isTrue();
      assertThat((String) finding.get("advice"))
          .doesNotContain("barrier=0", "nobarrier", "data=writeback");
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void people_get_a_line_for_each_check_and_what_to_do_below_it() {
    Invocation ran = Invocation.of("doctor", "--dir", folder.toString());

    assertThat(ran.exitCode()).as(ran.err()).isZero();
    assertThat(ran.out()).matches("\\p{ASCII}*");
    List<String> lines = ran.out().lines().toList();
    assertThat(lines.getFirst()).matches("machine +status +found");
    assertThat(lines).anyMatch(line -> line.matches("kernel +ok +\\S+"));
    assertThat(lines).anyMatch(line -> line.matches("atime +(ok|hint) +.+"));
    assertThat(lines).contains("directory " + folder);
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains("to do: ")) {
        assertThat(lines.get(i)).startsWith("          ");
      } else {
        assertThat(lines.get(i).length()).as(lines.get(i)).isLessThan(130);
      }
    }
  }

  @Test
  void without_a_directory_there_is_none_in_the_document() {
    Map<String, Object> document = JsonText.object(Invocation.of("doctor", "--json").out());
    assertThat(document).containsKey("directory").containsEntry("directory", null);
    assertThat(Invocation.of("doctor").out()).doesNotContain("directory  ");
  }

  @Test
  @SuppressWarnings("unchecked")
  void checks_of_a_backend_that_is_not_there_name_it() {
    Invocation ran = doctor(List.of(), "--dir", folder.toString(), "--json");

    assertThat(ran.exitCode()).as(ran.err()).isZero();
    Map<String, Object> document = JsonText.object(ran.out());
    for (String name : List.of("memory", "memory-lock", "huge-pages")) {
      assertThat(named(list(document, "machine"), name))
          .containsEntry("status", "missing")
          .extractingByKey("found")
          .asString()
          .contains("not checked", "backend 'system'");
    }
    for (String name : List.of("direct-io", "io-uring", "disk-engine")) {
      assertThat(named(list(document, "machine"), name))
          .extractingByKey("found")
          .asString()
          .contains("backend 'disk'");
    }
    Map<String, Object> directory = (Map<String, Object>) document.get("directory");
    assertThat(directory).containsEntry("mount", null);
    assertThat(named(list(directory, "findings"), "file-system"))
        .containsEntry("status", "missing");
  }

  @Test
  void a_finding_of_a_backend_takes_the_place_of_the_one_of_the_same_name() {
    BackendProvider cuda =
        new Asked(
            "cuda",
            List.of(),
            _ ->
                List.of(
                    Finding.ok(Scope.MACHINE, "gpu", "two of them"),
                    Finding.hint(Scope.MACHINE, "gpu-link", "slow", "plug it in")));
    List<Map<String, Object>> machine =
        list(JsonText.object(doctor(List.of(cuda), "--json").out()), "machine");

    assertThat(named(machine, "gpu")).containsEntry("found", "two of them");
    assertThat(machine.getLast()).containsEntry("name", "gpu-link").containsEntry("status", "hint");
    assertThat(machine).hasSize(13);
  }

  @Test
  void a_backend_that_breaks_is_a_finding_and_the_others_are_asked() {
    BackendProvider broken =
        new Asked(
            "broken",
            List.of(),
            _ -> {
              throw new IllegalStateException("out of order");
            });
    Invocation ran = doctor(List.of(broken), "--json");

    assertThat(ran.exitCode()).isZero();
    assertThat(named(list(JsonText.object(ran.out()), "machine"), "backend-broken"))
        .containsEntry("status", "missing")
        .containsEntry("found", "its checks failed: out of order");
  }

  @Test
  @SuppressWarnings("unchecked")
  void a_backend_that_keeps_files_is_asked_for_the_directory() {
    ConfigKey dir = new ConfigKey("dir", ConfigKey.Type.PATH, "", "where");
    BackendProvider files =
        new Asked(
            "files",
            List.of(dir),
            config ->
                List.of(
                    Finding.ok(Scope.DIRECTORY, "seen", config.string("dir").orElse("nothing"))));
    Map<String, Object> document =
        JsonText.object(doctor(List.of(files), "--dir", folder.toString(), "--json").out());

    Map<String, Object> directory = (Map<String, Object>) document.get("directory");
    assertThat(list(directory, "findings"))
        .singleElement()
        .satisfies(f -> assertThat(f).containsEntry("found", folder.toString()));
    assertThat(doctor(List.of(files), "--json").out()).doesNotContain("seen");
  }

  @Test
  void a_refused_backend_is_told_on_standard_error() {
    BackendProvider malformed = new Asked("No Name", List.of(), _ -> List.of());
    Invocation ran = doctor(List.of(malformed), "--json");
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.err()).startsWith("kvbm: ").contains("No Name");
    assertThat(JsonText.object(ran.out())).containsKey("machine");
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

  @Test
  void a_directory_that_cannot_be_looked_at_is_one_line() throws IOException {
    Path missing = folder.resolve("missing");
    assertFailure(
        Invocation.of("doctor", "--dir", missing.toString()), missing + " does not exist");
    assertThat(missing).doesNotExist();
    Path file = Files.writeString(folder.resolve("file"), "");
    assertFailure(Invocation.of("doctor", "--dir", file.toString(), "--json"), "is no directory");
    assertFailure(Invocation.of("doctor", "--dir", file + "/below"), file + "/below");
  }

  @Test
  void a_directory_that_may_not_be_read_is_one_line() throws IOException {
    Path closed = Files.createDirectory(folder.resolve("closed"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
    RequiredTools.assumeOrFail(
        "unprivileged",
        !Files.isReadable(closed),
        "this user may read everything; run as a user who is not root");
    assertFailure(Invocation.of("doctor", "--dir", closed.toString()), "cannot be read");
  }

  @Test
  void an_empty_directory_name_is_a_usage_error() {
    Invocation ran = Invocation.of("doctor", "--dir", "");
    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.err()).contains("--dir is empty");
  }

  @Test
  void the_help_says_what_it_does_and_does_not() {
    Invocation ran = Invocation.of("doctor", "--help");
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.out()).contains("--dir", "--json", "never run", "hint", "missing", "exit code");
  }
}
