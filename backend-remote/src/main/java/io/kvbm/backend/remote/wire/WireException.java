package io.kvbm.backend.remote.wire;

/** The other side does not speak as agreed, or its words were damaged: the connection ends. */
public final class WireException extends Exception {

  private static final long serialVersionUID = 1L;

  private final boolean damaged;

  /**
   * Creates the exception.
   *
   * @param message one line
   * @param damaged whether a checksum said so
   */
  public WireException(String message, boolean damaged) {
    super(message, null, false, false);
    this.damaged = damaged;
  }

  /** {@return whether a checksum was wrong} */
  public boolean isDamaged() {
    return damaged;
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
