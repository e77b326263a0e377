package io.kvbm.core.remote;

import io.kvbm.api.remote.ShardMove;
import io.kvbm.api.remote.ShardOutcome;
import java.util.concurrent.CompletionStage;

/** Copies blocks between two of this worker's sets for its leader. Safe from any thread. */
@FunctionalInterface
public interface ShardMover {

  /**
   * Copies blocks.
   *
   * @param move which
   * @return completes with the outcome of each block
   */
  CompletionStage<ShardOutcome> move(ShardMove move);
}
