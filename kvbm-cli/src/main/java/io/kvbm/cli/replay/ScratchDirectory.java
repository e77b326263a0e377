package io.kvbm.cli.replay;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A directory of one run's own; its end deletes it with all that is in it. What a killed run left
 * behind is deleted by the next run in the same place: as long as a run lives it holds the lock of
 * a file in its directory.
 *
 * @param path the directory
 * @param owner the file whose lock says that the run lives
 */
record ScratchDirectory(Path path, FileChannel owner) implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(ScratchDirectory.class.getName());
  private static final String PREFIX = "kvbm-replay-";
  private static final String OWNER = "owner";

  /** Makes one in {@code parent}, and deletes those there whose runs have ended. */
  static ScratchDirectory create(Path parent) {
    try {
      deleteLeftovers(parent);
      Path path = Files.createTempDirectory(parent, PREFIX);
      FileChannel owner =
          FileChannel.open(
              path.resolve(OWNER), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      owner.lock();
      return new ScratchDirectory(path, owner);
    } catch (IOException e) {
      throw new BackendException(
          ErrorCode.OPERATION_FAILED,
          "no scratch directory can be made in %s: %s; set backends.disk.dir"
              .formatted(parent, e.getMessage()),
          e);
    }
  }

  private static void deleteLeftovers(Path parent) throws IOException {
    try (DirectoryStream<Path> found = Files.newDirectoryStream(parent, PREFIX + "*")) {
      for (Path each : found) {
        if (isLeftBehind(each)) {
          try {
            delete(each);
          } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "what a killed run left behind stays", e);
          }
        }
      }
    }
  }

  /** Whether its run has ended. One without an owner may be about to get it, and is left alone. */
  private static boolean isLeftBehind(Path directory) {
    Path owner = directory.resolve(OWNER);
    if (!Files.isRegularFile(owner, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    try (FileChannel channel = FileChannel.open(owner, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      return lock != null;
    } catch (IOException | OverlappingFileLockException e) {
      return false; // somebody else's, or of this process
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> found = Files.walk(directory)) {
      List<Path> deepestFirst = found.sorted(Comparator.reverseOrder()).toList();
      for (Path each : deepestFirst) {
        Files.deleteIfExists(each);
      }
    }
  }

  @Override
  public void close() {
    try (owner) {
      delete(path);
    } catch (IOException e) {
      throw new UncheckedIOException("the scratch directory " + path + " is left behind", e);
    }
  }
}
