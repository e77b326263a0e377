package io.kvbm.api.block;

import io.kvbm.api.Stability;
import java.util.Optional;

/**
 * A block whose content is whole and has its key, but which nobody can find yet. Closing it
 * discards the content.
 */
@Stability(Stability.Level.STABLE)
public non-sealed interface CompleteBlock extends RegistrableBlock {

  /** {@return the block's identity} */
  BlockKey key();

  /** {@return the key of the block before this one; empty for a first block} */
  Optional<BlockKey> parent();

  /** {@return the sequence hash} */
  SequenceHash sequenceHash();

  /**
   * Registers this block alone; see the pool's {@code registerBlocks}. Consumes this handle.
   *
   * @return the registered block, or the one already there under the same key
   */
  ImmutableBlock register();

  /** {@return the same slot to be filled anew; consumes this handle and discards the key} */
  MutableBlock reset();
}
