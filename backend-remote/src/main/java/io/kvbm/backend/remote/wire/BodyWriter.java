package io.kvbm.backend.remote.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Builds the body of a frame, little endian. For one thread. */
public final class BodyWriter {

  private static final int TEXT_LIMIT = 512;

  private byte[] bytes = new byte[64];
  private int size;

  /** Creates an empty body. */
  public BodyWriter() {}

  /**
   * Adds one byte.
   *
   * @param value its low eight bits
   * @return this
   */
  public BodyWriter putByte(int value) {
    room(1).put(0, (byte) value);
    return this;
  }

  /**
   * Adds 32 bits.
   *
   * @param value the number
   * @return this
   */
  public BodyWriter putInt(int value) {
    room(Integer.BYTES).putInt(0, value);
    return this;
  }

  /**
   * Adds 64 bits.
   *
   * @param value the number
   * @return this
   */
  public BodyWriter putLong(long value) {
    room(Long.BYTES).putLong(0, value);
    return this;
  }

  /**
   * Adds a length and bytes.
   *
   * @param value the bytes
   * @return this
   */
  public BodyWriter putBytes(byte[] value) {
    putInt(value.length);
    room(value.length).put(0, value);
    return this;
  }

  /**
   * Adds a text, cut to 512 bytes.
   *
   * @param text the text
   * @return this
   */
  public BodyWriter putText(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return putBytes(utf8.length <= TEXT_LIMIT ? utf8 : Arrays.copyOf(utf8, TEXT_LIMIT));
  }

  /** {@return the body} */
  public byte[] toBytes() {
    return Arrays.copyOf(bytes, size);
  }

  private ByteBuffer room(int more) {
    if (bytes.length - size < more) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, size + more));
    }
    ByteBuffer place = ByteBuffer.wrap(bytes, size, more).slice().order(ByteOrder.LITTLE_ENDIAN);
    size += more;
    return place;
  }
}
