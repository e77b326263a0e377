package io.kvbm.backend.remote.wire;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Reads the body of a frame; what is not there is a {@link WireException}. For one thread. */
public final class BodyReader {

  private final ByteBuffer bytes;

  /**
   * Reads a body from its start.
   *
   * @param body not copied
   */
  public BodyReader(byte[] body) {
    bytes = ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * {@return the next byte, 0 to 255}
   *
   * @throws WireException if the body ends before
   */
  public int getByte() throws WireException {
    try {
      return bytes.get() & 0xFF;
    } catch (BufferUnderflowException _) {
      throw ended();
    }
  }

  /**
   * {@return the next 32 bits}
   *
   * @throws WireException if the body ends before
   */
  public int getInt() throws WireException {
    try {
      return bytes.getInt();
    } catch (BufferUnderflowException _) {
      throw ended();
    }
  }

  /**
   * {@return the next 64 bits}
   *
   * @throws WireException if the body ends before
   */
  public long getLong() throws WireException {
    try {
      return bytes.getLong();
    } catch (BufferUnderflowException _) {
      throw ended();
    }
  }

  /**
   * {@return a number of things that follow}
   *
   * @param byteSize how many bytes each takes at least
   * @throws WireException if so many cannot follow
   */
  public int getCount(int byteSize) throws WireException {
    int count = getInt();
    if (count < 0 || count > bytes.remaining() / byteSize) {
      throw ended();
    }
    return count;
  }

  /**
   * {@return the next bytes, with their length before them}
   *
   * @param most more are refused
   * @throws WireException if there are fewer, or more than that
   */
  public byte[] getBytes(int most) throws WireException {
    int length = getCount(1);
    if (length > most) {
      throw new WireException(
          "a field of %d bytes is over its limit of %d".formatted(length, most), false);
    }
    byte[] value = new byte[length];
    bytes.get(value);
    return value;
  }

  /**
   * {@return the next text}
   *
   * @param most the most bytes of it
   * @throws WireException if it is longer or not there
   */
  public String getText(int most) throws WireException {
    return new String(getBytes(most), StandardCharsets.UTF_8);
  }

  /**
   * Makes sure that nothing is left.
   *
   * @throws WireException if something is
   */
  public void end() throws WireException {
    if (bytes.hasRemaining()) {
      throw new WireException("a body has %d bytes too many".formatted(bytes.remaining()), false);
    }
  }

  private static WireException ended() {
    return new WireException("a body ends too early", false);
  }
}
