package io.kvbm.core.tokens;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.SequenceHash;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A full block of a token sequence with its key. Immutable and safe from any thread. */
public final class TokenBlock {

  private final int[] tokens;
  private final int position;
  private final long saltHash;
  private final BlockKey key;
  private final @Nullable BlockKey parentKey;
  private final SequenceHash sequenceHash;

  /** Takes ownership of the tokens. */
  TokenBlock(
      int[] tokens,
      int position,
      long saltHash,
      BlockKey key,
      @Nullable BlockKey parentKey,
      SequenceHash sequenceHash) {
    this.tokens = tokens;
    this.position = position;
    this.saltHash = saltHash;
    this.key = key;
    this.parentKey = parentKey;
    this.sequenceHash = sequenceHash;
  }

  /** {@return the tokens; a new array} */
  public int[] tokens() {
    return tokens.clone();
  }

  /** {@return how many tokens there are, the block size} */
  public int size() {
    return tokens.length;
  }

  /** {@return the block's index in its sequence, from 0} */
  public int position() {
    return position;
  }

  /** {@return the seed of its hash} */
  public long saltHash() {
    return saltHash;
  }

  /** {@return the key of the sequence up to the end of this block} */
  public BlockKey key() {
    return key;
  }

  /** {@return the key of the block before; empty for the first} */
  public Optional<BlockKey> parentKey() {
    return Optional.ofNullable(parentKey);
  }

  /** {@return the 64-bit sequence hash inside the key} */
  public SequenceHash sequenceHash() {
    return sequenceHash;
  }

  void copyTokens(int[] target, int offset) {
    System.arraycopy(tokens, 0, target, offset, tokens.length);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TokenBlock block
        && position == block.position
        && saltHash == block.saltHash
        && key.equals(block.key)
        && Arrays.equals(tokens, block.tokens);
  }

  @Override
  public int hashCode() {
    return key.hashCode();
  }

  @Override
  public String toString() {
    return "block " + position + " of " + tokens.length + " tokens, key " + key;
  }
}
