package io.kvbm.backend.remote.wire;

import org.jspecify.annotations.Nullable;

/** What a frame is. The codes never change. */
public enum FrameType {
  /** Client: who it is and whom it wants. */
  HELLO(1),
  /** Server: who it is, and a nonce. */
  CHALLENGE(2),
  /** Client: proof that it knows the token. */
  PROOF(3),
  /** Server: proof that it does, too, and the limits of the connection. */
  WELCOME(4),
  /** The answer to a request; a refusal where its status says so. */
  ANSWER(16),
  /** The answer to a READ, with its bytes as payload. */
  BYTES(17),
  /** Bytes of an export are wanted. */
  READ(32),
  /** Bytes for an export, as payload. */
  WRITE(33),
  /** A range of an export is to be set to one value. */
  FILL(34),
  /** Is anybody there? */
  PING(48),
  /** Memory is to be reserved. */
  ALLOCATE(49),
  /** Reserved memory is given back. */
  FREE(50),
  /** Blocks are to be kept. */
  BORROW(51),
  /** They are given back. */
  GIVE_BACK(52),
  /** Blocks are to be copied between two sets of the server. */
  MOVE(53),
  /** The server's block set is wanted. */
  BLOCK_SET(54),
  /** The answer to a request is not waited for any more. */
  CANCEL(55),
  /** The client uses a revoked export no more. */
  REVOKED(56),
  /** Addresses of data paths are exchanged. */
  PATH(57),
  /** The key of an export on the data path is wanted. */
  PATH_KEY(58),
  /** Server: an export ends. Answered by REVOKED. */
  REVOKE(64);

  private static final @Nullable FrameType[] BY_CODE = new @Nullable FrameType[256];

  static {
    for (FrameType type : values()) {
      BY_CODE[type.code] = type;
    }
  }

  private final int code;

  FrameType(int code) {
    this.code = code;
  }

  /** {@return the byte on the wire} */
  public int code() {
    return code;
  }

  /** {@return whether frames of this type carry payload} */
  public boolean hasPayload() {
    return this == BYTES || this == WRITE;
  }

  /**
   * {@return the type of a code, or null if there is none}
   *
   * @param code 0 to 255
   */
  public static @Nullable FrameType of(int code) {
    return BY_CODE[code & 0xFF];
  }
}
