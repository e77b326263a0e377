package io.kvbm.core.plugin;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;

/**
 * A temporary folder that is gone after the process, even where the process was killed: its owner
 * holds a lock in it, and whoever makes the next one removes those whose lock nobody holds.
 */
final class ScratchFolder implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(ScratchFolder.class.getName());
  private static final String PREFIX = "kvbm-natives-";
  private static final int ATTEMPTS = 3;

  /**
   * Never swept by this process: to close a second channel of a file gives up the process's lock on
   * it. The process's id alone does not tell: in a container it is the same after each restart.
   */
  private static final String OWN_PREFIX =
      "%s%d-%x-".formatted(PREFIX, ProcessHandle.current().pid(), startMillis());

  private static final String LOCK = ".lock";

  private final Path path;
  private final FileChannel lock;

  private ScratchFolder(Path path, FileChannel lock) {
    this.path = path;
    this.lock = lock;
  }

  /** {@return a new empty folder that only this user may enter} */
  static ScratchFolder create() throws IOException {
    for (int attempt = 1; ; attempt++) {
      Path path = Files.createTempDirectory(OWN_PREFIX);
      FileChannel lock =
          FileChannel.open(
              path.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      if (lock.tryLock() != null) {
        sweep(path.resolveSibling(""));
        return new ScratchFolder(path, lock);
      }
      lock.close(); // Another process swept it in the moment before it was locked.
      if (attempt == ATTEMPTS) {
        throw new IOException("cannot lock " + path);
      }
    }
  }

  private static long startMillis() {
    return ProcessHandle.current().info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  Path path() {
    return path;
  }

  /** Removes what killed processes left. What belongs to other users cannot be opened and stays. */
  private static void sweep(Path parent) {
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent, PREFIX + "*")) {
      for (Path folder : folders) {
        if (!folder.getFileName().toString().startsWith(OWN_PREFIX)) {
          removeAbandoned(folder);
        }
      }
    } catch (IOException | RuntimeException e) {
      LOG.log(System.Logger.Level.DEBUG, "old copies of native libraries stay", e);
    }
  }

  private static void removeAbandoned(Path folder) {
    try (FileChannel lock = FileChannel.open(folder.resolve(LOCK), StandardOpenOption.WRITE)) {
      if (lock.tryLock() != null) {
        delete(folder);
      }
    } catch (IOException e) {
      // Another user's, or one being made at this moment: not ours to remove.
      LOG.log(System.Logger.Level.DEBUG, "{0} stays: {1}", folder, e);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    }
    Files.deleteIfExists(folder);
  }

  /** Removes the folder; what cannot be removed now is removed by a later process. */
  @Override
  public void close() {
    try (lock) {
      delete(path);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "{0} stays for now: {1}", path, e);
    }
  }
}
