package io.kvbm.backend.remote.wire;

/**
 * What a connection accepts, checked before anything is allocated.
 *
 * @param body the most bytes of a body
 * @param payload the most bytes of a payload
 */
public record Limits(int body, int payload) {

  /** Before the other side has authenticated. */
  public static final Limits UNKNOWN_PEER = new Limits(1024, 0);

  /** The longest body of a request: a loan of 65,536 blocks fits. */
  public static final int REQUEST_BODY = (1 << 20) + (1 << 16);

  /** The longest body of an answer. */
  public static final int ANSWER_BODY = 16 << 20;
}
