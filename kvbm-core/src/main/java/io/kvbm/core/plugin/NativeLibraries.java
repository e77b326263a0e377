package io.kvbm.core.plugin;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * The native libraries one plugin carries, in its folder or inside its jars.
 *
 * <p>A JVM loads a library file for one class loader only. So each plugin gets copies of its own,
 * made when they are asked for and deleted on close: two plugins, or two platforms, may carry the
 * same file. Threading: safe from any thread.
 */
final class NativeLibraries implements AutoCloseable {

  private static final int MAX_FOLDER_DEPTH = 4;

  private final Path folder;
  private final List<Path> jars;
  private final Map<String, Path> copies = new HashMap<>();
  private @Nullable ScratchFolder scratch;
  private boolean closed;

  /**
   * Looks nowhere yet.
   *
   * @param folder the plugin's folder
   * @param jars the plugin's jars
   */
  NativeLibraries(Path folder, List<Path> jars) {
    this.folder = folder;
    this.jars = List.copyOf(jars);
  }

  /**
   * {@return where {@link System#loadLibrary} finds the library, or null where the plugin carries
   * none of that name for this machine}
   *
   * @param name without prefix and suffix, as given to {@link System#loadLibrary}
   * @throws UnsatisfiedLinkError if it is there and cannot be copied
   */
  synchronized @Nullable String find(String name) {
    if (closed || name.contains("/")) {
      return null;
    }
    Path copy = copies.get(name);
    if (copy == null) {
      try {
        copy = copy(System.mapLibraryName(name));
      } catch (IOException e) {
        UnsatisfiedLinkError failure =
            new UnsatisfiedLinkError(
                "native library %s of %s cannot be copied: %s"
                    .formatted(name, folder, OneLine.of(e)));
        failure.initCause(e);
        throw failure;
      }
      if (copy == null) {
        return null;
      }
      copies.put(name, copy);
    }
    return copy.toString();
  }

  private @Nullable Path copy(String fileName) throws IOException {
    Optional<Path> file = inFolder(fileName);
    if (file.isPresent()) {
      try (InputStream bytes = Files.newInputStream(file.get())) {
        return copy(fileName, bytes);
      }
    }
    for (Path jar : jars) {
      try (ZipFile zip = new ZipFile(jar.toFile())) {
        Optional<String> entry =
            NativePlatform.CURRENT.best(
                zip.stream().filter(found -> isNamed(found, fileName)).map(ZipEntry::getName));
        if (entry.isPresent()) {
          try (InputStream bytes = zip.getInputStream(zip.getEntry(entry.get()))) {
            return copy(fileName, bytes);
          }
        }
      }
    }
    return null;
  }

  private Optional<Path> inFolder(String fileName) throws IOException {
    if (!Files.isDirectory(folder)) {
      return Optional.empty();
    }
    Path real = folder.toRealPath(); // A walk goes into no link, not even one it begins with.
    try (Stream<Path> files = Files.walk(real, MAX_FOLDER_DEPTH)) {
      List<Path> named =
          files
              .filter(file -> file.getFileName().toString().equals(fileName))
              .filter(Files::isRegularFile)
              .sorted(Comparator.comparing(Path::toString))
              .toList();
      return NativePlatform.CURRENT
          .best(named.stream().map(file -> withSlashes(real.relativize(file))))
          .map(real::resolve);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static String withSlashes(Path path) {
    return path.toString().replace(path.getFileSystem().getSeparator(), "/");
  }

  private static boolean isNamed(ZipEntry entry, String fileName) {
    String path = entry.getName();
    return !entry.isDirectory()
        && path.endsWith(fileName)
        && (path.length() == fileName.length()
            || path.charAt(path.length() - fileName.length() - 1) == '/');
  }

  private Path copy(String fileName, InputStream bytes) throws IOException {
    if (scratch == null) {
      scratch = ScratchFolder.create();
    }
    Path copy = scratch.path().resolve(fileName);
    try {
      Files.copy(bytes, copy);
    } catch (IOException e) {
      Files.deleteIfExists(copy);
      throw e;
    }
    return copy;
  }

  /** Deletes the copies; what was loaded from them stays loaded. */
  @Override
  public synchronized void close() {
    closed = true;
    copies.clear();
    if (scratch != null) {
      scratch.close();
      scratch = null;
    }
  }
}
