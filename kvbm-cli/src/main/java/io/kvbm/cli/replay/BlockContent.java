package io.kvbm.cli.replay;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * What a block holds: the 64-bit stream of SplitMix64 seeded by the block's hash. The stream's
 * words all differ, it does not compress, and it can be made again to compare.
 *
 * <p>Source: G. Steele, D. Lea, C. Flood, Fast splittable pseudorandom number generators, OOPSLA
 * 2014.
 */
final class BlockContent {

  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long GAMMA = 0x9E3779B97F4A7C15L;

  private BlockContent() {}

  /** Fills a block; its length is a multiple of eight bytes. */
  static void fill(MemorySegment block, long hash) {
    long state = hash;
    for (long offset = 0; offset < block.byteSize(); offset += Long.BYTES) {
      state += GAMMA;
      block.set(WORD, offset, mix(state));
    }
  }

  /** Compares a whole block; every word is looked at. */
  static boolean matches(MemorySegment block, long hash) {
    long state = hash;
    long difference = 0;
    for (long offset = 0; offset < block.byteSize(); offset += Long.BYTES) {
      state += GAMMA;
      difference |= block.get(WORD, offset) ^ mix(state);
    }
    return difference == 0;
  }

  private static long mix(long state) {
    long mixed = (state ^ state >>> 30) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
    return mixed ^ mixed >>> 31;
  }
}
