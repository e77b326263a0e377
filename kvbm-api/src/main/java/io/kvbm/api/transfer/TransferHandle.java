package io.kvbm.api.transfer;

import io.kvbm.api.Stability;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** A transfer in progress, as core hands it to callers. Threading: safe from any thread. */
@Stability(Stability.Level.STABLE)
public interface TransferHandle {

  /** {@return how many blocks the transfer has} */
  int blockCount();

  /** {@return how many blocks have an outcome} */
  int completedCount();

  /**
   * {@return completes when the transfer is drained, with one outcome per block in order; never
   * exceptionally because a block failed}
   */
  CompletionStage<List<BlockOutcome>> outcomes();

  /**
   * Stops what was not started. Blocks in flight still finish; {@link #outcomes()} completes after
   * they have.
   *
   * @return whether anything was left to cancel
   */
  boolean cancel();

  /** {@return the outcomes, after waiting for them} */
  default List<BlockOutcome> await() {
    return outcomes().toCompletableFuture().join();
  }
}
