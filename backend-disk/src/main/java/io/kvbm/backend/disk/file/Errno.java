package io.kvbm.backend.disk.file;

/** The Linux error numbers this backend tells apart; equal on x86-64 and AArch64. */
public final class Errno {

  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EEXIST = 17;
  public static final int EXDEV = 18;
  public static final int ENOTDIR = 20;
  public static final int EISDIR = 21;
  public static final int EINVAL = 22;
  public static final int ENFILE = 23;
  public static final int EMFILE = 24;
  public static final int EFBIG = 27;
  public static final int ENOSPC = 28;
  public static final int EROFS = 30;
  public static final int ENAMETOOLONG = 36;
  public static final int ENOSYS = 38;
  public static final int ENOTEMPTY = 39;
  public static final int ELOOP = 40;
  public static final int EOPNOTSUPP = 95;
  public static final int ESTALE = 116;
  public static final int EDQUOT = 122;

  /**
   * Every number above, for turning the text of an {@link java.io.IOException} back into its
   * number.
   */
  static final int[] KNOWN = {
    EPERM,
    ENOENT,
    EINTR,
    EIO,
    ENOMEM,
    EACCES,
    EEXIST,
    EXDEV,
    ENOTDIR,
    EISDIR,
    EINVAL,
    ENFILE,
    EMFILE,
    EFBIG,
    ENOSPC,
    EROFS,
    ENAMETOOLONG,
    ENOSYS,
    ENOTEMPTY,
    ELOOP,
    EOPNOTSUPP,
    ESTALE,
    EDQUOT
  };

  /** The number where there is none. */
  public static final int NONE = 0;

  private Errno() {}

  /**
   * {@return whether the kernel or the file system lacks the operation, as opposed to having failed
   * at it}
   */
  public static boolean isMissingOperation(int errno) {
    return errno == EOPNOTSUPP || errno == ENOSYS;
  }
}
