package io.kvbm.bench.store;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** The same keys for all: 16 characters each, in the order of their numbers. */
final class Keys {

  static final int BYTE_SIZE = 16;

  private static final ThreadLocal<ByteBuffer> BUFFER =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(BYTE_SIZE));

  private Keys() {}

  static String text(long index) {
    return HexFormat.of().toHexDigits(index);
  }

  /** {@return the key in a direct buffer of this thread, which the next call uses again} */
  static ByteBuffer bytes(long index) {
    ByteBuffer buffer = BUFFER.get();
    buffer.clear().put(text(index).getBytes(StandardCharsets.US_ASCII)).flip();
    return buffer;
  }
}
