package io.kvbm.api.layout;

import io.kvbm.api.Stability;

/**
 * The type of one element of a KV block. Widths are in bits, so that 4-bit and 8-bit caches have an
 * exact size.
 */
@Stability(Stability.Level.STABLE)
public enum DType {
  /** IEEE 754 half precision. */
  FP16(16),
  /** IEEE 754 single precision. */
  FP32(32),
  /** bfloat16. */
  BF16(16),
  /** 8-bit floating point, e4m3 or e5m2. */
  FP8(8),
  /** 4-bit integer, two to a byte. */
  INT4(4),
  /** 8-bit integer. */
  INT8(8),
  /** 16-bit integer. */
  INT16(16),
  /** 32-bit integer. */
  INT32(32),
  /** 64-bit integer. */
  INT64(64);

  private final int bits;

  DType(int bits) {
    this.bits = bits;
  }

  /** {@return the width of one element in bits} */
  public int bits() {
    return bits;
  }

  /**
   * {@return the bytes that so many elements take, the last byte filled up}
   *
   * @param elements how many
   * @throws ArithmeticException if the result leaves 63 bits
   */
  public long byteSize(long elements) {
    return Math.ceilDiv(Math.multiplyExact(elements, (long) bits), 8L);
  }
}
