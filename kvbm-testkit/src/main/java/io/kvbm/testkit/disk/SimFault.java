package io.kvbm.testkit.disk;

/** What a call on a {@link SimDisk} can be made to fail with. */
public enum SimFault {
  /**
   * The device reports an error. A sync that reports it leaves some of what was written durable,
   * and none of the rest will ever be: a later sync succeeds without it.
   */
  EIO(5, "Input/output error"),
  /** There is no space. Set to stay, it hits only calls that take space. */
  ENOSPC(28, "No space left on device"),
  /** A signal ended the call before anything happened. */
  EINTR(4, "Interrupted system call");

  private final int errno;
  private final String words;

  SimFault(int errno, String words) {
    this.errno = errno;
    this.words = words;
  }

  /** {@return the error number Linux has for it} */
  public int errno() {
    return errno;
  }

  /** {@return the words Linux has for it} */
  public String words() {
    return words;
  }
}
