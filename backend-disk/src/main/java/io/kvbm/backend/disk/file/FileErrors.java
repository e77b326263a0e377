package io.kvbm.backend.disk.file;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns what the operating system reports into the exception whose reaction fits. */
public final class FileErrors {

  private final Map<String, Integer> numbers = new HashMap<>();
  private final Map<Integer, String> texts = new HashMap<>();

  /**
   * The JDK throws the system's words away from their number, in the language of the process;
   * asking the C library for the same words gives the number back.
   *
   * @param posix the C library, or null for the words Linux has in English
   */
  public FileErrors(@Nullable Posix posix) {
    for (int errno : Errno.KNOWN) {
      String text = posix == null ? english(errno) : posix.describe(errno);
      numbers.put(text, errno);
      texts.put(errno, text);
    }
  }

  /** {@return the error number behind an exception, or {@link Errno#NONE}} */
  public int errnoOf(IOException failure) {
    return switch (failure) {
      case NoSuchFileException _ -> Errno.ENOENT;
      case AccessDeniedException _ -> Errno.EACCES;
      case FileAlreadyExistsException _ -> Errno.EEXIST;
      case NotDirectoryException _ -> Errno.ENOTDIR;
      case DirectoryNotEmptyException _ -> Errno.ENOTEMPTY;
      case FileSystemException e -> numbers.getOrDefault(String.valueOf(e.getReason()), Errno.NONE);
      default -> numbers.getOrDefault(String.valueOf(failure.getMessage()), Errno.NONE);
    };
  }

  /**
   * {@return the exception for a failed operation that asked for no space}
   *
   * @param failure what the JDK threw
   * @param action what was tried, as in "cannot {action} {path}"
   * @param path the file
   */
  public KvbmException translate(IOException failure, String action, Path path) {
    return translate(failure, action, path, 0);
  }

  /**
   * {@return the exception for a failed operation}
   *
   * @param failure what the JDK threw
   * @param action what was tried, as in "cannot {action} {path}"
   * @param path the file
   * @param requested bytes of space it asked for
   */
  public KvbmException translate(IOException failure, String action, Path path, long requested) {
    int errno = errnoOf(failure);
    String words = errno == Errno.NONE ? failure.toString() : wordsOf(errno);
    return build(errno, words, action, path, requested, failure);
  }

  /**
   * {@return the exception for a failed system call}
   *
   * @param errno the error number, above 0
   * @param action what was tried, as in "cannot {action} {path}"
   * @param path the file
   * @param requested bytes of space it asked for
   */
  public KvbmException of(int errno, String action, Path path, long requested) {
    String words = wordsOf(errno);
    return build(errno, words, action, path, requested, null);
  }

  /** {@return what the system calls an error number} */
  public String wordsOf(int errno) {
    return texts.getOrDefault(errno, "error " + errno);
  }

  private static KvbmException build(
      int errno,
      String words,
      String action,
      Path path,
      long requested,
      @Nullable Throwable cause) {
    String what = "cannot " + action + " " + path + ": " + words;
    return switch (errno) {
      case Errno.ENOSPC, Errno.EDQUOT, Errno.EFBIG -> full(what, path, requested, cause);
      case Errno.ENOENT ->
          new CallerException(ErrorCode.NOT_FOUND, what + "; check the path", cause);
      case Errno.EEXIST -> new CallerException(ErrorCode.PRECONDITION_FAILED, what, cause);
      case Errno.EACCES, Errno.EPERM, Errno.EROFS ->
          failed(errno, what + "; give this user the right to it or choose another place", cause);
      case Errno.EMFILE, Errno.ENFILE ->
          failed(errno, what + "; close files or raise the limit (ulimit -n)", cause);
      default -> failed(errno == Errno.NONE ? BackendException.NO_NATIVE_CODE : errno, what, cause);
    };
  }

  private static CapacityException full(
      String what, Path path, long requested, @Nullable Throwable cause) {
    long available = usableByteSize(path);
    return new CapacityException(
        ErrorCode.ALLOCATION_FAILED,
        "%s; %d bytes asked for, the file system has %d left: free some or choose another place"
            .formatted(what, requested, available),
        requested,
        available,
        cause);
  }

  private static BackendException failed(int errno, String what, @Nullable Throwable cause) {
    return new BackendException(ErrorCode.OPERATION_FAILED, what, errno, cause);
  }

  /** For a message only, so a file system that does not say counts as having nothing. */
  private static long usableByteSize(Path path) {
    try {
      Path absolute = path.toAbsolutePath();
      Path directory = absolute.getParent();
      return Files.getFileStore(directory == null ? absolute : directory).getUsableSpace();
    } catch (IOException e) {
      return 0;
    }
  }

  private static String english(int errno) {
    return switch (errno) {
      case Errno.EPERM -> "Operation not permitted";
      case Errno.ENOENT -> "No such file or directory";
      case Errno.EIO -> "Input/output error";
      case Errno.ENOMEM -> "Cannot allocate memory";
      case Errno.EACCES -> "Permission denied";
      case Errno.EEXIST -> "File exists";
      case Errno.EXDEV -> "Invalid cross-device link";
      case Errno.ENOTDIR -> "Not a directory";
      case Errno.EISDIR -> "Is a directory";
      case Errno.EINVAL -> "Invalid argument";
      case Errno.ENFILE -> "Too many open files in system";
      case Errno.EMFILE -> "Too many open files";
      case Errno.EFBIG -> "File too large";
      case Errno.ENOSPC -> "No space left on device";
      case Errno.EROFS -> "Read-only file system";
      case Errno.ENAMETOOLONG -> "File name too long";
      case Errno.ENOSYS -> "Function not implemented";
      case Errno.ENOTEMPTY -> "Directory not empty";
      case Errno.ELOOP -> "Too many levels of symbolic links";
      case Errno.EOPNOTSUPP -> "Operation not supported";
      case Errno.ESTALE -> "Stale file handle";
      case Errno.EDQUOT -> "Disk quota exceeded";
      default -> "error " + errno;
    };
  }
}
