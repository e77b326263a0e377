package io.kvbm.core.remote;

import io.kvbm.api.remote.ShardMove;
import io.kvbm.api.remote.ShardOutcome;
import java.util.concurrent.CompletionStage;

/** Copies blocks between the sets of one worker. Threading: safe from any thread. */
@FunctionalInterface
public interface ShardMover {

  /**
   * Starts a move.
   *
   * @param move which blocks
   * @return completes with the outcome of each block, once nothing of the move is in flight, or
   *     with an exception
   */
  CompletionStage<ShardOutcome> move(ShardMove move);
}
