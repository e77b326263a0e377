package io.kvbm.api.block;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;

/**
 * The 64-bit hash of a token prefix that ends with a block. Its eight bytes are little endian, as
 * the hash is fed into the next one of the chain.
 *
 * @param value the hash; all 64 bits count, so compare unsigned
 */
@Stability(Stability.Level.STABLE)
public record SequenceHash(long value) implements Comparable<SequenceHash> {

  /**
   * {@return the hash with these bytes}
   *
   * @param bytes eight bytes, little endian
   * @throws CallerException if there are not eight
   */
  public static SequenceHash of(byte[] bytes) {
    if (bytes.length != Long.BYTES) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "a sequence hash has 8 bytes, got " + bytes.length);
    }
    long value = 0;
    for (int i = Long.BYTES - 1; i >= 0; i--) {
      value = value << 8 | bytes[i] & 0xFF;
    }
    return new SequenceHash(value);
  }

  /** {@return the eight bytes, little endian; a new array} */
  public byte[] asBytes() {
    byte[] bytes = new byte[Long.BYTES];
    for (int i = 0; i < Long.BYTES; i++) {
      bytes[i] = (byte) (value >>> 8 * i);
    }
    return bytes;
  }

  @Override
  public int compareTo(SequenceHash other) {
    return Long.compareUnsigned(value, other.value);
  }

  /** {@return the hash as an unsigned decimal number} */
  @Override
  public String toString() {
    return Long.toUnsignedString(value);
  }
}
