package io.kvbm.api.block;

import io.kvbm.api.Stability;
import java.util.Optional;

/**
 * Remembers a registered block without keeping it in use. Needs no closing. Threading: safe from
 * any thread.
 */
@Stability(Stability.Level.STABLE)
public interface WeakBlock {

  /** {@return the block's identity} */
  BlockKey key();

  /** {@return the slot the block was in} */
  int blockId();

  /** {@return the block in use again, or empty once it was evicted; the caller closes it} */
  Optional<ImmutableBlock> upgrade();
}
