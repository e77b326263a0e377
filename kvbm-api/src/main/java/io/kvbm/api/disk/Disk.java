package io.kvbm.api.disk;

import io.kvbm.api.BackendException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.TransientException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * The one door to files: every store reads and writes through it, so that a simulated disk can
 * stand under each.
 *
 * <p>Errors are typed: no space is a {@link CapacityException}, a missing file {@link
 * ErrorCode#NOT_FOUND}, everything else a {@link BackendException} that keeps the operating
 * system's words. Nothing is durable before {@link DiskFile#sync}, and no name before {@link
 * #syncDirectory}. Threading: safe from any thread; calls block, so make them on threads that are
 * never interrupted.
 */
@Stability(Stability.Level.STABLE)
public interface Disk extends AutoCloseable {

  /** How to open a file. */
  enum OpenOption {
    /** To read. */
    READ,
    /** To write. */
    WRITE,
    /** Make it if it is not there, mode 0644. */
    CREATE,
    /** Make it; fail if it is there. */
    CREATE_NEW,
    /** Cut it to nothing. */
    TRUNCATE,
    /** Bypass the page cache; fail where the file system cannot. */
    DIRECT
  }

  /** {@return the name in messages and metrics} */
  String name();

  /**
   * Opens a file.
   *
   * @param path the file
   * @param options how
   * @return the open file; the caller closes it
   */
  DiskFile open(Path path, Set<OpenOption> options);

  /**
   * Makes and opens a file with a new name, as {@code mkostemp} does.
   *
   * @param template a path whose last six {@code X} are replaced
   * @param options how; the file is always new
   * @return the open file, mode 0600; the caller closes it
   */
  DiskFile openTemporary(Path template, Set<OpenOption> options);

  /**
   * {@return whether there is a file or directory}
   *
   * @param path where
   */
  boolean exists(Path path);

  /**
   * {@return the entries of a directory, in order of their names}
   *
   * @param directory where
   */
  List<Path> list(Path directory);

  /**
   * Makes a directory and those above it; does nothing where it exists.
   *
   * @param directory what to make
   */
  void createDirectories(Path directory);

  /**
   * Gives a file another name, replacing a file of that name at once.
   *
   * @param source the name it has
   * @param target the name it gets, in the same file system
   */
  void rename(Path source, Path target);

  /**
   * Removes a name. The bytes stay for those who have the file open.
   *
   * @param path the name
   */
  void unlink(Path path);

  /**
   * Makes the names in a directory durable.
   *
   * @param directory whose names
   */
  void syncDirectory(Path directory);

  /**
   * Takes an exclusive lock that ends with the process at the latest.
   *
   * @param path a file used for nothing else; made if it is not there
   * @return the lock; the caller closes it
   * @throws TransientException with {@link ErrorCode#LOCKED} if it is held, by this process or
   *     another, naming the holder where it is known
   */
  DiskLock lock(Path path);

  /**
   * {@return bytes that can still be written in the file system}
   *
   * @param path a file or directory in it
   */
  long usableByteSize(Path path);

  /** Releases what the disk holds. Open files stay their owners'. */
  @Override
  default void close() {}

  /** A held lock. */
  interface DiskLock extends AutoCloseable {
    @Override
    void close();
  }
}
