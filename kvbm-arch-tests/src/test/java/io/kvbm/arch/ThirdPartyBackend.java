package io.kvbm.arch;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * The example of a backend from elsewhere, compiled and packaged as its own build does: against the
 * api's jar and the library it brings, and nothing else.
 *
 * @param jar the packaged backend
 */
record ThirdPartyBackend(Path jar) {

  /**
   * Compiles and packages it.
   *
   * @param reactor has the example and the api's jar
   * @param folder where to work
   * @param version the version it gets
   */
  static ThirdPartyBackend build(Reactor reactor, Path folder, String version) throws IOException {
    Path sources = reactor.root().resolve("examples/third-party-backend/src/main");
    Path classes = Files.createDirectories(folder.resolve("classes"));
    Path zstd =
        RuntimeClasspath.of(reactor.module("kvbm-codecs")).libraries().stream()
            .filter(library -> library.getFileName().toString().startsWith("zstd-jni-"))
            .findFirst()
            .orElseThrow();
    List<String> compile =
        new ArrayList<>(
            List.of(
                "--release",
                "25",
                "-proc:none",
                "--module-path",
                reactor.module("kvbm-api").jar() + ":" + zstd,
                "--module-version",
                version,
                "-d",
                classes.toString()));
    try (Stream<Path> files = Files.walk(sources.resolve("java"))) {
      files.map(Path::toString).filter(file -> file.endsWith(".java")).forEach(compile::add);
    }
    run("javac", compile);
    Path manifest =
        Files.writeString(
            folder.resolve("manifest"), "Kvbm-Spi: 1.0\nImplementation-Version: " + version + "\n");
    Path jar = folder.resolve("zstd-memory-" + version + ".jar");
    run(
        "jar",
        List.of(
            "--create",
            "--file",
            jar.toString(),
            "--manifest",
            manifest.toString(),
            "-C",
            classes.toString(),
            ".",
            "-C",
            sources.resolve("resources").toString(),
            "."));
    return new ThirdPartyBackend(jar);
  }

  private static void run(String tool, List<String> arguments) {
    StringWriter messages = new StringWriter();
    PrintWriter writer = new PrintWriter(messages);
    if (ToolProvider.findFirst(tool)
            .orElseThrow()
            .run(writer, writer, arguments.toArray(String[]::new))
        != 0) {
      throw new AssertionError(tool + ": " + messages);
    }
  }

  /**
   * Puts it where plugins are.
   *
   * @param folder the plugin's folder
   * @param library the version of the library it brings
   */
  void into(Path folder, Path library) throws IOException {
    Installation.copy(jar, folder);
    Installation.copy(library, folder);
  }
}
