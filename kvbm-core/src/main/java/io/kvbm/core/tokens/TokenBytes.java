package io.kvbm.core.tokens;

import com.dynatrace.hash4j.hashing.ByteAccess;

/**
 * Reads tokens as the little-endian bytes they stand for, so that they are hashed without being
 * copied.
 */
enum TokenBytes implements ByteAccess<int[]> {
  LITTLE_ENDIAN;

  @Override
  public byte getByte(int[] tokens, long index) {
    return (byte) (tokens[(int) (index >>> 2)] >>> 8 * (index & 3));
  }

  @Override
  public int getInt(int[] tokens, long index) {
    if ((index & 3) == 0) {
      return tokens[(int) (index >>> 2)];
    }
    return ByteAccess.super.getInt(tokens, index);
  }

  @Override
  public long getLong(int[] tokens, long index) {
    if ((index & 3) == 0) {
      int first = (int) (index >>> 2);
      return Integer.toUnsignedLong(tokens[first]) | (long) tokens[first + 1] << 32;
    }
    return ByteAccess.super.getLong(tokens, index);
  }
}
