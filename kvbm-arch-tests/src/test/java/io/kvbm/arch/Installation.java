package io.kvbm.arch;

import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The layout that the launcher starts from, made of the jars of this build, with the launcher
 * itself: what users run, without a build in between.
 *
 * @param root where the launcher lies
 */
record Installation(Path root) {

  /** How a run of the command ended. */
  record Ran(int exitCode, String out, String err) {}

  /**
   * Lays out lib and plugins.
   *
   * @param root an empty folder
   * @param reactor whose jars are taken
   */
  static Installation in(Path root, Reactor reactor) throws IOException {
    Installation installation = new Installation(root);
    Files.copy(reactor.root().resolve("kvbm"), root.resolve("kvbm"));
    Files.writeString(root.resolve("pom.xml"), "");
    Path lib = Files.createDirectories(installation.home().resolve("lib"));
    Files.createDirectories(installation.home().resolve("conf"));
    Set<Path> jars = new TreeSet<>();
    for (String name : List.of("kvbm-cli", "kvbm-codecs")) {
      jars.add(reactor.module(name).jar());
      jars.addAll(RuntimeClasspath.of(reactor.module(name)).libraries());
    }
    jars.add(reactor.module("kvbm-core").jar());
    jars.add(reactor.module("kvbm-api").jar());
    for (Path jar : jars) {
      copy(jar, lib);
    }
    for (String name :
        List.of(
            "backend-system", "backend-pinned", "backend-cuda", "backend-disk", "backend-remote")) {
      copy(reactor.module(name).jar(), installation.plugin(name));
      RuntimeClasspath needed = RuntimeClasspath.of(reactor.module(name));
      for (Path library : needed.libraries()) {
        copy(library, installation.plugin(name));
      }
      for (String own : needed.ownModules()) {
        copy(reactor.module(own).jar(), installation.plugin(name));
      }
    }
    Files.writeString(
        installation.home().resolve(".modules"),
        ModuleFinder.of(lib).findAll().stream()
            .map(module -> module.descriptor().name())
            .collect(Collectors.joining(",")));
    // The launcher takes what is newer than its sources as it is.
    Path stamp = Files.writeString(installation.home().resolve(".stamp"), "");
    Files.setLastModifiedTime(stamp, FileTime.from(Instant.now().plusSeconds(60)));
    return installation;
  }

  /** {@return where lib, plugins and conf are} */
  Path home() {
    return root.resolve("target/kvbm");
  }

  /**
   * {@return a plugin's folder, made where it is missing}
   *
   * @param name the folder's name
   */
  Path plugin(String name) throws IOException {
    return Files.createDirectories(home().resolve("plugins").resolve(name));
  }

  static void copy(Path jar, Path folder) throws IOException {
    Files.copy(jar, folder.resolve(jar.getFileName().toString()));
  }

  /**
   * Runs the command and waits for its end.
   *
   * @param options more options for the JVM
   * @param arguments the command line
   */
  Ran run(String options, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(root.resolve("kvbm").toString()));
    command.addAll(List.of(arguments));
    Path scratch = Files.createDirectories(root.resolve("scratch"));
    Path out = scratch.resolve("out.txt");
    Path err = scratch.resolve("err.txt");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("KVBM_") || name.startsWith("DYN_KVBM"));
    environment.put("KVBM_JAVA_HOME", System.getProperty("java.home"));
    environment.put("KVBM_JAVA_OPTS", "-Djava.io.tmpdir=" + scratch + " " + options);
    int exitCode = builder.start().waitFor();
    return new Ran(
        exitCode,
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }

  /** {@return the private copies of native libraries that are left} */
  List<Path> leftNatives() throws IOException {
    try (Stream<Path> files = Files.list(root.resolve("scratch"))) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("kvbm-natives-"))
          .toList();
    }
  }
}
