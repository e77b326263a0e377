package io.kvbm.cli.doctor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The files a machine describes itself by. What cannot be read is empty.
 *
 * @param root the folder that {@code proc}, {@code sys} and {@code dev} are in
 * @param environment the variables of this process
 */
record MachineFiles(Path root, Map<String, String> environment) {

  private static final List<String> LIBRARY_FOLDERS =
      List.of("/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib");

  /** {@return those of this machine} */
  static MachineFiles ofProcess() {
    return new MachineFiles(Path.of("/"), System.getenv());
  }

  /** {@return the lines of a file, whatever bytes it holds} */
  List<String> lines(String file) {
    try {
      byte[] bytes = Files.readAllBytes(root.resolve(file));
      return new String(bytes, StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  /** {@return the first line of a file} */
  Optional<String> line(String file) {
    return lines(file).stream().findFirst().map(String::strip);
  }

  /** {@return the names in a folder, in order} */
  List<String> names(String folder) {
    try (Stream<Path> entries = Files.list(root.resolve(folder))) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of();
    }
  }

  /**
   * {@return where the loader would find a shared library, or empty where it would not}
   *
   * @param name its file's name, for instance {@code libcuda.so.1}
   */
  Optional<String> library(String name) {
    return libraryFolders().stream()
        .map(folder -> folder + "/" + name)
        .filter(file -> Files.exists(root.resolve(file.substring(1))))
        .findFirst();
  }

  private List<String> libraryFolders() {
    List<String> folders = new ArrayList<>();
    Collections.addAll(folders, environment.getOrDefault("LD_LIBRARY_PATH", "").split(":", -1));
    for (String name : names("etc/ld.so.conf.d")) {
      folders.addAll(lines("etc/ld.so.conf.d/" + name));
    }
    folders.addAll(lines("etc/ld.so.conf"));
    for (String folder : LIBRARY_FOLDERS) {
      folders.add(folder);
      names(folder.substring(1)).stream()
          .filter(name -> name.endsWith("-linux-gnu"))
          .forEach(name -> folders.add(folder + "/" + name));
    }
    return folders.stream().map(String::strip).filter(MachineFiles::isFolder).toList();
  }

  private static boolean isFolder(String text) {
    try {
      return text.startsWith("/") && Path.of(text).isAbsolute();
    } catch (InvalidPathException e) {
      return false;
    }
  }
}
