package io.kvbm.core.tier;

import io.kvbm.api.block.ImmutableBlock;
import java.util.Objects;

/**
 * A block and the tier it was found in.
 *
 * @param tier the tier's index in its chain, 0 the fastest
 * @param block the block, in use; the caller closes it
 */
public record LocatedBlock(int tier, ImmutableBlock block) {
  /** Checks that there is a block. */
  public LocatedBlock {
    Objects.requireNonNull(block, "block");
  }
}
