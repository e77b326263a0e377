package io.kvbm.arch;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * What a module needs at run time, as the build resolved it.
 *
 * @param entries jars and folders, this build's own modules among them
 * @param reactor the root folder of this build
 */
record RuntimeClasspath(List<Path> entries, Path reactor) {

  static RuntimeClasspath of(Reactor.Module module) throws IOException {
    String text = Files.readString(module.folder().resolve("target/runtime-classpath"));
    Path root = module.folder().toAbsolutePath().normalize().getParent();
    return new RuntimeClasspath(
        Arrays.stream(text.strip().split(File.pathSeparator))
            .filter(entry -> !entry.isEmpty())
            .map(Path::of)
            .toList(),
        root);
  }

  /** {@return the folders of our own modules, without the api} */
  List<String> ownModules() {
    return entries.stream()
        .filter(entry -> entry.startsWith(reactor))
        .map(entry -> reactor.relativize(entry).getName(0).toString())
        .filter(name -> !name.equals("kvbm-api"))
        .distinct()
        .sorted()
        .toList();
  }

  /** {@return the jars of others} */
  List<Path> libraries() {
    return entries.stream()
        .filter(entry -> !entry.startsWith(reactor))
        .filter(entry -> entry.toString().endsWith(".jar"))
        .sorted()
        .toList();
  }
}
