package io.kvbm.api.block;

import io.kvbm.api.Stability;

/**
 * The 128-bit identity of a block: the sequence hash and an independent digest of the same tokens
 * and salt. Every tier stores both and compares both, so that a collision of one 64-bit hash cannot
 * hand back another prompt's block.
 *
 * @param hi the independent digest
 * @param lo the sequence hash
 */
@Stability(Stability.Level.STABLE)
public record BlockKey(long hi, long lo) implements Comparable<BlockKey> {

  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  /**
   * {@return a key where only the 64-bit hash is known, as in a trace; the digest is derived from
   * it and adds nothing}
   *
   * @param sequenceHash the hash
   */
  public static BlockKey derived(long sequenceHash) {
    long mixed = (sequenceHash ^ GOLDEN) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ mixed >>> 32) * 0x94D049BB133111EBL;
    return new BlockKey(mixed ^ mixed >>> 29, sequenceHash);
  }

  /**
   * {@return a key where only the 64-bit hash is known}
   *
   * @param sequenceHash the hash
   */
  public static BlockKey derived(SequenceHash sequenceHash) {
    return derived(sequenceHash.value());
  }

  /** {@return the sequence hash} */
  public SequenceHash sequenceHash() {
    return new SequenceHash(lo);
  }

  @Override
  public int compareTo(BlockKey other) {
    int byHi = Long.compareUnsigned(hi, other.hi);
    return byHi != 0 ? byHi : Long.compareUnsigned(lo, other.lo);
  }

  /** {@return 32 hexadecimal digits, the digest first} */
  @Override
  public String toString() {
    return "%016x%016x".formatted(hi, lo);
  }
}
