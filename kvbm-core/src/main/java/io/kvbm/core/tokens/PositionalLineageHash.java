package io.kvbm.core.tokens;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import java.nio.ByteBuffer;

/**
 * A block's position, its sequence hash and a part of its parent's sequence hash in 128 bits.
 *
 * <p>From the most significant bit on: two bits of mode, the position, all 64 bits of the block's
 * own sequence hash, the low bits of the parent's. The mode is the smallest the position fits in
 * and says how wide both outer fields are: mode 0 has 8 bits of position and 54 of the parent, mode
 * 1 has 16 and 46, mode 2 has 24 and 38. A first block's parent bits are zero.
 *
 * <p>Hashes are ordered by position, then by their own sequence hash, then by all 128 bits, each
 * unsigned.
 *
 * @param hi the high 64 bits
 * @param lo the low 64 bits
 */
public record PositionalLineageHash(long hi, long lo) implements Comparable<PositionalLineageHash> {

  /** The first position that no hash can hold. */
  public static final int POSITION_LIMIT = 1 << 24;

  private static final int OUTER_BITS = 62;

  /**
   * Checks the mode.
   *
   * @throws CallerException if the bits have no mode or not the smallest one for their position
   */
  public PositionalLineageHash {
    int mode = (int) (hi >>> OUTER_BITS);
    if (mode > 2 || mode != modeOf((int) (hi << 2 >>> 2 >>> parentBits(mode)))) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "%016x%016x is no positional lineage hash".formatted(hi, lo));
    }
  }

  /**
   * {@return the hash of a first block}
   *
   * @param blockHash its block hash, which is its sequence hash too
   */
  public static PositionalLineageHash root(long blockHash) {
    return of(blockHash, 0, 0);
  }

  /**
   * {@return the hash with these parts}
   *
   * @param currentHash the block's sequence hash
   * @param parentHash the parent's sequence hash, cut to the width the position leaves; 0 for a
   *     first block
   * @param position the block's index in its sequence
   * @throws CallerException if the position is negative or at or above {@link #POSITION_LIMIT}
   */
  public static PositionalLineageHash of(long currentHash, long parentHash, long position) {
    if (position < 0 || position >= POSITION_LIMIT) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "block position " + position + " is outside 0 to " + (POSITION_LIMIT - 1));
    }
    int mode = modeOf((int) position);
    int bits = parentBits(mode);
    return new PositionalLineageHash(
        (long) mode << OUTER_BITS | position << bits | currentHash >>> Long.SIZE - bits,
        currentHash << bits | low(parentHash, bits));
  }

  /**
   * {@return the hash a key of {@link PositionalLineageScheme} stands for}
   *
   * @param key the key
   * @throws CallerException if another scheme made the key and its bits do not fit
   */
  public static PositionalLineageHash of(BlockKey key) {
    return new PositionalLineageHash(key.hi(), key.lo());
  }

  /**
   * Reads the binary form.
   *
   * @param bytes 16 bytes, big endian
   * @return the hash
   * @throws CallerException if there are not 16 bytes or they are no such hash
   */
  public static PositionalLineageHash fromBytes(byte[] bytes) {
    if (bytes.length != 2 * Long.BYTES) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "a positional lineage hash has 16 bytes, got " + bytes.length);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    return new PositionalLineageHash(in.getLong(), in.getLong());
  }

  /** {@return the 16 bytes, big endian; a new array} */
  public byte[] toBytes() {
    return ByteBuffer.allocate(2 * Long.BYTES).putLong(hi).putLong(lo).array();
  }

  /** {@return the same bits as a key} */
  public BlockKey toKey() {
    return new BlockKey(hi, lo);
  }

  /**
   * {@return the hash of a block that follows this one}
   *
   * @param childBlockHash the block hash of that block alone
   * @throws CallerException if its position is {@link #POSITION_LIMIT}
   */
  public PositionalLineageHash extend(long childBlockHash) {
    long parentHash = currentHash();
    return of(BlockDigests.chain(parentHash, childBlockHash), parentHash, position() + 1L);
  }

  /** {@return 0, 1 or 2} */
  public int mode() {
    return (int) (hi >>> OUTER_BITS);
  }

  /** {@return the block's index in its sequence} */
  public int position() {
    return (int) (hi << 2 >>> 2 >>> parentBits(mode()));
  }

  /** {@return the block's sequence hash, whole} */
  public long currentHash() {
    int bits = parentBits(mode());
    return hi << Long.SIZE - bits | lo >>> bits;
  }

  /** {@return the low bits of the parent's sequence hash, as many as the mode has} */
  public long parentFragment() {
    return low(lo, parentBits(mode()));
  }

  /**
   * {@return whether this may be the parent of another hash: it comes one position before it and
   * its hash, cut to the width of the child's mode, is the child's parent fragment}
   *
   * @param child the other hash
   */
  public boolean isParentOf(PositionalLineageHash child) {
    return child.position() == position() + 1
        && child.parentFragment() == low(currentHash(), parentBits(child.mode()));
  }

  @Override
  public int compareTo(PositionalLineageHash other) {
    int order = Integer.compare(position(), other.position());
    if (order == 0) {
      order = Long.compareUnsigned(currentHash(), other.currentHash());
    }
    if (order == 0) {
      order = Long.compareUnsigned(hi, other.hi);
    }
    return order != 0 ? order : Long.compareUnsigned(lo, other.lo);
  }

  /**
   * {@return {@code position:current} or {@code position:current:parent}, the hashes in base 58}
   */
  @Override
  public String toString() {
    String own = position() + ":" + Base58.encode(currentHash());
    return position() == 0 ? own : own + ":" + Base58.encode(parentFragment());
  }

  private static int modeOf(int position) {
    if (position < 1 << 8) {
      return 0;
    }
    return position < 1 << 16 ? 1 : 2;
  }

  private static int parentBits(int mode) {
    return 54 - 8 * mode;
  }

  private static long low(long value, int bits) {
    return value & (1L << bits) - 1;
  }
}
