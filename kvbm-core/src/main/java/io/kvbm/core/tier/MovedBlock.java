package io.kvbm.core.tier;

import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.transfer.BlockOutcome;
import java.util.Objects;
import java.util.Optional;

/**
 * What became of one block that was to be moved.
 *
 * @param outcome how the transfer ended; done with 0 bytes where the target tier had the block
 *     already
 * @param block the block in the target tier, in use, where the outcome is done; the caller closes
 *     it
 */
public record MovedBlock(BlockOutcome outcome, Optional<ImmutableBlock> block) {
  /** Checks the values. */
  public MovedBlock {
    Objects.requireNonNull(outcome, "outcome");
    Objects.requireNonNull(block, "block");
  }
}
