package io.kvbm.backend.disk.io;

/** There is no ring to be had; the message says which call failed and how. */
final class RingRefusedException extends Exception {

  private static final long serialVersionUID = 1L;

  private final int errno;

  RingRefusedException(String message, int errno) {
    super(message);
    this.errno = errno;
  }

  /** {@return the error number, or 0 where a feature is missing} */
  int errno() {
    return errno;
  }
}
