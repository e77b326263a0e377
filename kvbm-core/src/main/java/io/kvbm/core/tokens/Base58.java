package io.kvbm.core.tokens;

/** Base 58 as Bitcoin writes it, for the eight big-endian bytes of a hash. */
final class Base58 {

  private static final String DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

  private Base58() {}

  static String encode(long value) {
    StringBuilder reversed = new StringBuilder(11);
    for (long rest = value; rest != 0; rest = Long.divideUnsigned(rest, 58)) {
      reversed.append(DIGITS.charAt((int) Long.remainderUnsigned(rest, 58)));
    }
    // A leading zero byte counts as one digit of value zero.
    reversed.repeat(DIGITS.charAt(0), Long.numberOfLeadingZeros(value) / Byte.SIZE);
    return reversed.reverse().toString();
  }
}
