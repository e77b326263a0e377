package io.kvbm.core.prefetch;

import io.kvbm.api.CancellationToken;
import io.kvbm.api.block.BlockKey;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Brings blocks to where they are used. Threading: called from any thread, with no lock of the
 * prefetcher held.
 */
@FunctionalInterface
public interface PrefetchTarget {

  /**
   * Loads blocks with the lowest priority there is.
   *
   * @param keys the blocks, parents before children
   * @param deadlineNanos after this time they are of no use, on the platform's clock
   * @param cancellation ends the loading when cancelled
   * @return completes with the bytes moved for each key, 0 where nothing was: it was there before,
   *     or is nowhere
   */
  CompletionStage<long[]> load(
      List<BlockKey> keys, long deadlineNanos, CancellationToken cancellation);
}
