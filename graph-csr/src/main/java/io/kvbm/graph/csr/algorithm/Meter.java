package io.kvbm.graph.csr.algorithm;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;

/** What a run of one thread has looked at. */
final class Meter {

  private AlgorithmOptions options = AlgorithmOptions.DEFAULT;
  private long spent;

  /** Begins to count for another run. */
  void start(AlgorithmOptions optionsOfRun) {
    options = optionsOfRun;
    spent = 0;
    spend(0);
  }

  /** Notes entries that were looked at; throws if the run has to end. */
  void spend(long entries) {
    if (options.cancellation().isCancelled()) {
      throw new TransientException(ErrorCode.CANCELLED, "the algorithm was cancelled");
    }
    spent += entries;
    if (spent > options.edgeBudget()) {
      throw new CapacityException(
          ErrorCode.BUDGET_EXCEEDED,
          "looked at %d entries of rows, over the budget of %d"
              .formatted(spent, options.edgeBudget()),
          spent,
          options.edgeBudget());
    }
  }
}
