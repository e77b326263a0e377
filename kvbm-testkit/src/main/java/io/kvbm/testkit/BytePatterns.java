package io.kvbm.testkit;

import static org.assertj.core.api.Assertions.fail;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Bytes that can be recognised again: every word of a pattern depends on its seed and its place, so
 * that a swapped, shifted, stale or cut copy is seen and named. The {@link #guard guard} byte fills
 * what a copy must not touch.
 */
public final class BytePatterns {

  /** Fills what must stay untouched. */
  public static final byte GUARD = (byte) 0xA5;

  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private BytePatterns() {}

  /**
   * {@return the word of a pattern}
   *
   * @param seed names the pattern
   * @param index which word, from 0
   */
  public static long word(long seed, long index) {
    long mixed = (seed ^ (index + 1) * 0x9E3779B97F4A7C15L) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ mixed >>> 32) * 0x94D049BB133111EBL;
    return mixed ^ mixed >>> 29;
  }

  /**
   * Fills memory with a pattern.
   *
   * @param target what to fill, of any length
   * @param seed names the pattern
   */
  public static void fill(MemorySegment target, long seed) {
    long words = target.byteSize() / Long.BYTES;
    for (long i = 0; i < words; i++) {
      target.set(WORD, i * Long.BYTES, word(seed, i));
    }
    for (long at = words * Long.BYTES; at < target.byteSize(); at++) {
      target.set(ValueLayout.JAVA_BYTE, at, byteAt(seed, at));
    }
  }

  /**
   * {@return a pattern on the heap}
   *
   * @param byteSize its length
   * @param seed names the pattern
   */
  public static MemorySegment heap(int byteSize, long seed) {
    MemorySegment segment = MemorySegment.ofArray(new byte[byteSize]);
    fill(segment, seed);
    return segment;
  }

  /**
   * {@return a pattern off the heap}
   *
   * @param arena owns the memory
   * @param byteSize its length
   * @param seed names the pattern
   */
  public static MemorySegment allocate(Arena arena, long byteSize, long seed) {
    MemorySegment segment = arena.allocate(byteSize, Long.BYTES);
    fill(segment, seed);
    return segment;
  }

  /**
   * {@return where memory first differs from a pattern, or -1}
   *
   * @param actual what to check
   * @param seed names the pattern
   */
  public static long mismatch(MemorySegment actual, long seed) {
    long words = actual.byteSize() / Long.BYTES;
    for (long i = 0; i < words; i++) {
      if (actual.get(WORD, i * Long.BYTES) != word(seed, i)) {
        return firstDifference(actual, seed, i * Long.BYTES);
      }
    }
    return firstDifference(actual, seed, words * Long.BYTES);
  }

  /**
   * Fails unless memory holds a pattern.
   *
   * @param actual what to check
   * @param seed names the pattern
   * @param what names the memory in the message
   */
  public static void verify(MemorySegment actual, long seed, String what) {
    long at = mismatch(actual, seed);
    if (at >= 0) {
      fail(
          "%s: byte %d of %d is 0x%02x, expected 0x%02x of pattern %d"
              .formatted(
                  what,
                  at,
                  actual.byteSize(),
                  actual.get(ValueLayout.JAVA_BYTE, at),
                  byteAt(seed, at),
                  seed));
    }
  }

  /**
   * Fills memory with {@link #GUARD}.
   *
   * @param target what to fill
   */
  public static void guard(MemorySegment target) {
    target.fill(GUARD);
  }

  /**
   * Fails unless every byte has one value.
   *
   * @param actual what to check
   * @param value the byte expected
   * @param what names the memory in the message
   */
  public static void verifyAll(MemorySegment actual, byte value, String what) {
    long at = firstOther(actual, value);
    if (at >= 0) {
      fail(
          "%s: byte %d of %d is 0x%02x, expected 0x%02x"
              .formatted(
                  what, at, actual.byteSize(), actual.get(ValueLayout.JAVA_BYTE, at), value));
    }
  }

  /** {@return where memory first holds another byte, or -1} */
  private static long firstOther(MemorySegment actual, byte value) {
    long byteSize = actual.byteSize();
    if (byteSize == 0) {
      return -1;
    }
    if (actual.get(ValueLayout.JAVA_BYTE, 0) != value) {
      return 0;
    }
    // Each byte against the one before it: many at a time, where a loop takes one by one.
    long at = MemorySegment.mismatch(actual, 1, byteSize, actual, 0, byteSize - 1);
    return at < 0 ? -1 : at + 1;
  }

  private static long firstDifference(MemorySegment actual, long seed, long from) {
    for (long at = from; at < actual.byteSize(); at++) {
      if (actual.get(ValueLayout.JAVA_BYTE, at) != byteAt(seed, at)) {
        return at;
      }
    }
    return -1;
  }

  private static byte byteAt(long seed, long at) {
    return (byte) (word(seed, at / Long.BYTES) >>> 8 * (at % Long.BYTES));
  }
}
