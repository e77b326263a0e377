package io.kvbm.backend.disk;

/** The Linux error numbers this backend tells apart; equal on x86-64 and AArch64. */
final class Errno {

  static final int EPERM = 1;
  static final int ENOENT = 2;
  static final int EINTR = 4;
  static final int EIO = 5;
  static final int ENOMEM = 12;
  static final int EACCES = 13;
  static final int EEXIST = 17;
  static final int EXDEV = 18;
  static final int ENOTDIR = 20;
  static final int EISDIR = 21;
  static final int EINVAL = 22;
  static final int ENFILE = 23;
  static final int EMFILE = 24;
  static final int EFBIG = 27;
  static final int ENOSPC = 28;
  static final int EROFS = 30;
  static final int ENAMETOOLONG = 36;
  static final int ENOSYS = 38;
  static final int ENOTEMPTY = 39;
  static final int ELOOP = 40;
  static final int EOPNOTSUPP = 95;
  static final int ESTALE = 116;
  static final int EDQUOT = 122;

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
  static final int NONE = 0;

  private Errno() {}

  /**
   * {@return whether the kernel or the file system lacks the operation, as opposed to having failed
   * at it}
   */
  static boolean isMissingOperation(int errno) {
    return errno == EOPNOTSUPP || errno == ENOSYS;
  }
}
