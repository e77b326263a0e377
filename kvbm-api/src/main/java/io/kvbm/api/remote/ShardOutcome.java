package io.kvbm.api.remote;

import io.kvbm.api.Stability;
import io.kvbm.api.transfer.BlockOutcome;
import java.util.List;

/**
 * How a {@link ShardMove} ended at one worker.
 *
 * @param blocks the outcome of each block, in the order of the move
 */
@Stability(Stability.Level.PREVIEW)
public record ShardOutcome(List<BlockOutcome> blocks) {
  /** Copies the list. */
  public ShardOutcome {
    blocks = List.copyOf(blocks);
  }
}
