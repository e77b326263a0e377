package io.kvbm.core.tier;

import java.util.List;
import java.util.concurrent.CompletionStage;

/** Blocks on their way from one tier to another. Threading: safe from any thread. */
public interface MoveHandle {

  /** {@return how many blocks there are} */
  int blockCount();

  /**
   * {@return completes when the movement is drained, with one result per block in order; never
   * exceptionally because a block failed}
   */
  CompletionStage<List<MovedBlock>> results();

  /**
   * Stops what was not started. Blocks in flight still finish; {@link #results()} completes after
   * they have.
   *
   * @return whether anything was left to cancel
   */
  boolean cancel();

  /** {@return the results, after waiting for them} */
  default List<MovedBlock> await() {
    return results().toCompletableFuture().join();
  }
}
