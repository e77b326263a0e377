package io.kvbm.api.hash;

import io.kvbm.api.Stability;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.SequenceHash;

/**
 * Turns token blocks into keys. Found by {@link java.util.ServiceLoader}; stateless and safe from
 * any thread.
 *
 * <p>The name is stored with persisted blocks: another scheme's blocks are misses.
 */
@Stability(Stability.Level.STABLE)
public interface HashScheme {

  /**
   * {@return the name, {@code [a-z][a-z0-9-]{0,62}}; it stands for the exact bytes hashed and never
   * changes}
   */
  String name();

  /**
   * {@return the 64-bit seed that the salt comes to}
   *
   * @param salt what separates caches
   */
  long saltHash(CacheSalt salt);

  /**
   * {@return the key of a first block}
   *
   * @param saltHash as {@link #saltHash} gave it
   * @param block the tokens
   */
  BlockKey first(long saltHash, TokenSpan block);

  /**
   * {@return the key of a block that follows another}
   *
   * @param saltHash as {@link #saltHash} gave it
   * @param parent the key of the block before
   * @param block the tokens
   */
  BlockKey next(long saltHash, BlockKey parent, TokenSpan block);

  /**
   * {@return the 64-bit sequence hash inside a key of this scheme}
   *
   * @param key a key this scheme made
   */
  default SequenceHash sequenceHash(BlockKey key) {
    return key.sequenceHash();
  }

  /**
   * {@return whether the low half of each key is its sequence hash, so that a block is found by its
   * sequence hash alone}
   */
  default boolean keysBySequenceHash() {
    return true;
  }
}
