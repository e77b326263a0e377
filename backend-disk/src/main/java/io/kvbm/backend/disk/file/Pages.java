package io.kvbm.backend.disk.file;

import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;

/** Arithmetic on pages, and the locks that order changes to a part of one. */
public final class Pages {

  /** What buffers for direct access are aligned to: the largest page a file here may ask for. */
  public static final int ALIGNMENT = 1 << 16;

  /** What direct access needs where nothing says more. */
  static final int LEAST = 1 << 12;

  /** A power of two; a page's lock is shared with few others. */
  private static final int LOCK_COUNT = 1024;

  private static final ReentrantLock[] LOCKS = new ReentrantLock[LOCK_COUNT];

  static {
    for (int i = 0; i < LOCK_COUNT; i++) {
      LOCKS[i] = new ReentrantLock();
    }
  }

  private Pages() {}

  /**
   * {@return the lock of a page; one for the whole process: a storage's own writes and a
   * transport's meet in it}
   *
   * @param path the file
   * @param page the page's index in it
   */
  public static ReentrantLock lock(Path path, long page) {
    int hash = 31 * path.hashCode() + Long.hashCode(page);
    return LOCKS[(hash ^ (hash >>> 16)) & (LOCK_COUNT - 1)];
  }

  public static long down(long value, int page) {
    return value & -page;
  }

  public static long up(long value, int page) {
    return (value + page - 1) & -page;
  }
}
