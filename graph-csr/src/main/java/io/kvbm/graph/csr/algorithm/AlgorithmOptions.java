package io.kvbm.graph.csr.algorithm;

import io.kvbm.api.CallerException;
import io.kvbm.api.CancellationToken;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;

/**
 * How an algorithm runs.
 *
 * @param threads how many work on it, the caller's own among them; 1 to 1024
 * @param cancellation ends it early, with {@link ErrorCode#CANCELLED}
 * @param edgeBudget it ends with {@link ErrorCode#BUDGET_EXCEEDED} before it has looked at many
 *     more entries of rows than these
 */
@Stability(Stability.Level.PREVIEW)
public record AlgorithmOptions(int threads, CancellationToken cancellation, long edgeBudget) {

  /** One thread, no end before the end. */
  public static final AlgorithmOptions DEFAULT =
      new AlgorithmOptions(1, new CancellationToken(), Long.MAX_VALUE);

  private static final int MOST_THREADS = 1024;

  /** Creates options. */
  public AlgorithmOptions {
    if (threads < 1 || threads > MOST_THREADS) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "%d threads are not from 1 to %d".formatted(threads, MOST_THREADS));
    }
    if (edgeBudget < 1) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "a budget of %d edges is below 1".formatted(edgeBudget));
    }
  }

  /**
   * {@return these options with another number of threads}
   *
   * @param count how many
   */
  public AlgorithmOptions withThreads(int count) {
    return new AlgorithmOptions(count, cancellation, edgeBudget);
  }

  /**
   * {@return these options with another token}
   *
   * @param token ends the algorithm early
   */
  public AlgorithmOptions withCancellation(CancellationToken token) {
    return new AlgorithmOptions(threads, token, edgeBudget);
  }

  /**
   * {@return these options with another budget}
   *
   * @param entries of rows that may be looked at
   */
  public AlgorithmOptions withEdgeBudget(long entries) {
    return new AlgorithmOptions(threads, cancellation, entries);
  }
}
