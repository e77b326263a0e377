package io.kvbm.api.block;

import io.kvbm.api.Stability;
import java.util.Optional;

/**
 * A registered block in use. As long as one handle is open the content stays; after the last one is
 * closed the block is inactive: still found by a match, but evictable.
 */
@Stability(Stability.Level.STABLE)
public non-sealed interface ImmutableBlock extends Block {

  /** {@return the block's identity} */
  BlockKey key();

  /** {@return the key of the block before this one; empty for a first block} */
  Optional<BlockKey> parent();

  /** {@return the sequence hash} */
  SequenceHash sequenceHash();

  /** {@return whether another block with the same key is the one that matches find} */
  boolean isDuplicate();

  /** {@return a second handle on the same block, to be closed on its own} */
  ImmutableBlock share();

  /** {@return a reference that does not keep the block in use; this handle stays open} */
  WeakBlock downgrade();
}
