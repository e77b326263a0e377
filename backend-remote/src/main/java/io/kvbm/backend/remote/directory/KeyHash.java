package io.kvbm.backend.remote.directory;

/** Spreads block keys over tables. */
final class KeyHash {

  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private KeyHash() {}

  static long of(long hi, long lo) {
    long mixed = (hi ^ Long.rotateLeft(lo, 29)) * GOLDEN;
    mixed = (mixed ^ mixed >>> 32) * 0xBF58476D1CE4E5B9L;
    return mixed ^ mixed >>> 31;
  }
}
