package io.kvbm.core.policy;

/** Spreads keys, which in traces are small numbers in order, over all 64 bits. */
final class Mixing {

  private Mixing() {}

  /** {@return another number for each number, without a visible pattern} */
  static long mix(long key) {
    long mixed = key * 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ mixed >>> 29) * 0xBF58476D1CE4E5B9L;
    return mixed ^ mixed >>> 32;
  }
}
