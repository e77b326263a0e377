package io.kvbm.core.tokens;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import java.nio.ByteBuffer;

/**
 * A block's sequence hash, its position and a part of its block hash in 128 bits.
 *
 * <p>The low 64 bits are the sequence hash. The high ones are, from the most significant on: two
 * bits of mode, the position, the low bits of the block hash. The mode is the smallest the position
 * fits in: mode 0 has 8 bits of position and 54 of the block hash, mode 1 has 16 and 46, mode 2 has
 * 24 and 38, mode 3 has 31 and 31.
 *
 * @param hi the high 64 bits
 * @param lo the low 64 bits, the sequence hash
 */
public record PositionalSequenceHash(long hi, long lo) {

  /** The first position that no hash can hold. */
  public static final long POSITION_LIMIT = 1L << 31;

  private static final int OUTER_BITS = 62;

  /**
   * Checks the mode.
   *
   * @throws CallerException if the mode is not the smallest one for the position
   */
  public PositionalSequenceHash {
    int mode = (int) (hi >>> OUTER_BITS);
    if (mode != modeOf((int) (hi << 2 >>> 2 >>> blockHashBits(mode)))) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "%016x%016x is no positional sequence hash".formatted(hi, lo));
    }
  }

  /**
   * {@return the hash with these parts}
   *
   * @param sequenceHash the sequence hash
   * @param position the block's index in its sequence
   * @param blockHash the hash of the block alone, cut to the width the position leaves
   * @throws CallerException if the position is negative or at or above {@link #POSITION_LIMIT}
   */
  public static PositionalSequenceHash of(long sequenceHash, long position, long blockHash) {
    if (position < 0 || position >= POSITION_LIMIT) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "block position " + position + " is outside 0 to " + (POSITION_LIMIT - 1));
    }
    int mode = modeOf((int) position);
    int bits = blockHashBits(mode);
    return new PositionalSequenceHash(
        (long) mode << OUTER_BITS | position << bits | blockHash & (1L << bits) - 1, sequenceHash);
  }

  /**
   * Reads the binary form.
   *
   * @param bytes 16 bytes, big endian
   * @return the hash
   * @throws CallerException if there are not 16 bytes or they are no such hash
   */
  public static PositionalSequenceHash fromBytes(byte[] bytes) {
    if (bytes.length != 2 * Long.BYTES) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "a positional sequence hash has 16 bytes, got " + bytes.length);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    return new PositionalSequenceHash(in.getLong(), in.getLong());
  }

  /** {@return the 16 bytes, big endian; a new array} */
  public byte[] toBytes() {
    return ByteBuffer.allocate(2 * Long.BYTES).putLong(hi).putLong(lo).array();
  }

  /** {@return 0, 1, 2 or 3} */
  public int mode() {
    return (int) (hi >>> OUTER_BITS);
  }

  /** {@return the block's index in its sequence} */
  public int position() {
    return (int) (hi << 2 >>> 2 >>> blockHashBits(mode()));
  }

  /** {@return the sequence hash, whole} */
  public long sequenceHash() {
    return lo;
  }

  /** {@return the low bits of the block hash, as many as the mode has} */
  public long blockHashFragment() {
    return hi & (1L << blockHashBits(mode())) - 1;
  }

  private static int modeOf(int position) {
    if (position < 1 << 8) {
      return 0;
    }
    if (position < 1 << 16) {
      return 1;
    }
    return position < 1 << 24 ? 2 : 3;
  }

  private static int blockHashBits(int mode) {
    return mode == 3 ? 31 : 54 - 8 * mode;
  }
}
