package io.kvbm.arch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import io.kvbm.testkit.RequiredTools;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The launcher with the packaged jars, as users have them: modules, and a folder per plugin. */
@Timeout(120)
class InstallationTest {

  /** Small enough to be quick, large enough that every tier is used. */
  private static final List<String> SMALL_REPLAY =
      List.of("--device", "40", "--host", "80", "--block-bytes", "4096");

  private static final Reactor REACTOR = Reactor.load();
  private static final Path OTHER_LIBRARIES = Path.of("target/plugin-libraries");

  @TempDir private Path root;
  private Installation installation;
  private Path trace;

  @BeforeAll
  static void jarsAreThere() {
    RequiredTools.assumeOrFail(
        "jars", REACTOR.isPackaged(), "the modules are not packaged; run mvn verify, not mvn test");
    RequiredTools.assumeOrFail(
        "bash", Files.isExecutable(Path.of("/bin/bash")), "the launcher is a bash script");
  }

  @BeforeEach
  void install() throws IOException {
    installation = Installation.in(root, REACTOR);
    List<String> requests = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      // Conversations that come back: each prefix is found, in whatever tier it is by then.
      int turn = i / 30;
      StringBuilder ids = new StringBuilder();
      for (int block = 0; block <= turn % 10; block++) {
        ids.append(ids.isEmpty() ? "" : ",").append(1000 * (i % 30) + block);
      }
      requests.add("{\"timestamp\":%d,\"hash_ids\":[%s]}".formatted(i, ids));
    }
    trace = Files.write(root.resolve("trace.jsonl"), requests);
  }

  @AfterEach
  void noCopiesOfNativesAreLeft() throws IOException {
    if (Files.isDirectory(root.resolve("scratch"))) {
      assertThat(installation.leftNatives()).isEmpty();
    }
  }

  private Installation.Ran replay(String... more) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("replay", "--trace", trace.toString()));
    arguments.addAll(SMALL_REPLAY);
    arguments.addAll(List.of(more));
    arguments.add("--json");
    return installation.run("", arguments.toArray(String[]::new));
  }

  /** {@return the numbers and texts of a document, by name; fails unless there is exactly one} */
  private static Map<String, List<String>> document(Installation.Ran ran) throws IOException {
    Map<String, List<String>> values = new HashMap<>();
    try (JsonParser parser = new JsonFactory().createParser(ran.out())) {
      assertThat(parser.nextToken()).as(ran.toString()).isNotNull();
      int depth = 0;
      do {
        if (parser.currentToken().isStructStart()) {
          depth++;
        } else if (parser.currentToken().isStructEnd()) {
          depth--;
        } else if (parser.currentToken().isScalarValue()) {
          values
              .computeIfAbsent(String.valueOf(parser.currentName()), _ -> new ArrayList<>())
              .add(parser.getText());
        }
        parser.nextToken();
      } while (depth > 0);
      assertThat(parser.currentToken()).as("after the document of %s", ran).isNull();
    }
    return values;
  }

  /** Makes a store with one object; gives its directory. */
  private String storeOfOne() throws Exception {
    String directory = root.resolve("objects").toString();
    installation.run("", "store", "put", "--dir", directory, "key", trace.toString());
    return directory;
  }

  private String nodeConfig() throws IOException {
    return Files.writeString(
            root.resolve("node.yaml"),
            """
            model: {numLayers: 2, outerDim: 2, pageSize: 4, innerDim: 8, dtype: fp16}
            tiers:
              host: {blocks: 8, backend: system}
            """)
        .toString();
  }

  @Test
  void everyCommandPrintsOneDocumentWhateverTheJvmSaysOfItself() throws Exception {
    Path useless = Files.writeString(root.resolve("cache"), "neither CDS nor AOT");
    Map<String, List<String>> commands =
        Map.of(
            "backends", List.of("backends"),
            "config", List.of("config"),
            "doctor", List.of("doctor", "--dir", root.toString()),
            "node", List.of("--config", nodeConfig(), "node", "--seconds", "0.2"),
            "replay", Stream.concat(Stream.of("replay"), SMALL_REPLAY.stream()).toList(),
            "simulate", List.of("simulate", "--trace", trace.toString(), "--capacity", "10"),
            "store", List.of("store", "ls", "--dir", storeOfOne()));
    String help = installation.run("", "--help").out();
    List<String> listed =
        help.substring(help.indexOf("Commands:"))
            .lines()
            .skip(1)
            .takeWhile(line -> !line.isBlank())
            .filter(line -> line.matches("  [a-z].*"))
            .map(line -> line.strip().split(" ", 2)[0])
            .toList();
    assertThat(commands.keySet()).as("commands tried here").containsAll(listed);
    for (String options :
        List.of(
            "-Xshare:auto -XX:SharedArchiveFile=" + useless + " -XX:+UseLargePages",
            "-XX:AOTCache=" + useless + " -XX:+UseTransparentHugePages")) {
      for (String name : listed) {
        List<String> arguments = new ArrayList<>(commands.get(name));
        switch (name) {
          case "simulate" -> arguments.addAll(List.of("--policy", "lru"));
          case "replay" -> arguments.addAll(List.of("--trace", trace.toString()));
          default -> {}
        }
        arguments.add("--json");
        Installation.Ran ran = installation.run(options, arguments.toArray(String[]::new));
        assertThat(ran.exitCode()).as(ran.toString()).isZero();
        assertThat(document(ran)).isNotEmpty();
      }
    }
  }

  @Test
  void withoutTheDiskFolderEverythingElseRuns() throws Exception {
    try (Stream<Path> jars = Files.list(installation.plugin("backend-disk"))) {
      for (Path jar : jars.toList()) {
        Files.delete(jar);
      }
    }
    Files.delete(installation.plugin("backend-disk"));

    assertThat(document(installation.run("", "backends", "--json")).get("name"))
        .containsExactly("cuda", "pinned", "remote", "s3", "system");
    Installation.Ran without = replay("--disk", "0");
    assertThat(document(without)).containsEntry("wrongBlocks", List.of("0"));
    Installation.Ran asked = replay("--disk", "160");
    assertThat(asked.exitCode()).isEqualTo(1);
    assertThat(asked.err().lines())
        .singleElement()
        .asString()
        .contains("nothing installed has the name or the storage kind 'disk'", "system@0.1.0");
  }

  @Test
  void twoVersionsOfABackendWithTwoVersionsOfALibraryRunSideBySide() throws Exception {
    ThirdPartyBackend.build(REACTOR, root.resolve("one"), "1.0.0")
        .into(installation.plugin("zstd-memory-1"), olderZstd());
    ThirdPartyBackend.build(REACTOR, root.resolve("two"), "2.0.0")
        .into(installation.plugin("zstd-memory-2"), platformsZstd());

    String older = "zstd-jni " + versionOf(olderZstd()) + ",";
    String platforms = "zstd-jni " + versionOf(platformsZstd()) + ",";
    Map<String, List<String>> listed = document(installation.run("", "backends", "--json"));
    assertThat(listed.get("name"))
        .containsExactly(
            "cuda", "disk", "pinned", "remote", "s3", "system", "zstd-memory", "zstd-memory");
    assertThat(listed.get("version")).contains("1.0.0", "2.0.0");
    assertThat(listed.get("details"))
        .anyMatch(text -> text.contains(older))
        .anyMatch(text -> text.contains(platforms));

    Installation.Ran both =
        replay(
            "--disk",
            "160",
            "--host-backend",
            "zstd-memory@1.0.0",
            "--disk-backend",
            "zstd-memory@2.0.0");
    assertThat(both.exitCode()).as(both.toString()).isZero();
    assertThat(document(both)).containsEntry("wrongBlocks", List.of("0"));
  }

  @Test
  void withoutADriverTheCudaBackendSaysWhatIsMissing() throws Exception {
    Assumptions.assumeFalse(hasDriver(), "a CUDA driver is installed here");
    Installation.Ran ran = replay("--device-backend", "cuda");
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.err().lines())
        .singleElement()
        .asString()
        .contains("libcuda.so.1 not found: install the NVIDIA driver");
  }

  @SuppressWarnings("restricted")
  private static boolean hasDriver() {
    try {
      SymbolLookup.libraryLookup("libcuda.so.1", Arena.ofAuto());
      return true;
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  @Test
  void aBrokenPluginIsOneLineAndTheRestStarts() throws Exception {
    Files.writeString(installation.plugin("broken").resolve("broken.jar"), "no jar");

    Installation.Ran ran = installation.run("", "backends", "--json");

    assertThat(ran.exitCode()).isZero();
    assertThat(ran.err().lines()).singleElement().asString().contains("broken.jar cannot be read");
    Map<String, List<String>> listed = document(ran);
    assertThat(listed.get("name"))
        .containsExactly("cuda", "disk", "pinned", "remote", "s3", "system");
  }

  private static Path olderZstd() throws IOException {
    return zstd(OTHER_LIBRARIES);
  }

  private static Path platformsZstd() throws IOException {
    return RuntimeClasspath.of(REACTOR.module("kvbm-codecs")).libraries().stream()
        .filter(jar -> jar.getFileName().toString().startsWith("zstd-jni-"))
        .findFirst()
        .orElseThrow();
  }

  private static Path zstd(Path folder) throws IOException {
    try (Stream<Path> jars = Files.list(folder)) {
      return jars.filter(jar -> jar.getFileName().toString().startsWith("zstd-jni-"))
          .findFirst()
          .orElseThrow();
    }
  }

  private static String versionOf(Path jar) {
    return jar.getFileName().toString().replaceAll("^zstd-jni-|\\.jar$", "");
  }
}
