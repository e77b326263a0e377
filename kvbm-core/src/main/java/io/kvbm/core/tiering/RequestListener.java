package io.kvbm.core.tiering;

import io.kvbm.api.block.BlockKey;
import io.kvbm.core.onboard.OnboardResult;
import java.util.List;

/**
 * Told what each request for a sequence ended with. Threading: called on the engine's executor,
 * several calls at once.
 */
@FunctionalInterface
public interface RequestListener {

  /**
   * A request has ended.
   *
   * @param keys the blocks asked for; the first of them, as many as the result has, were found
   * @param result what was found; its blocks are the caller's, who may have closed them
   * @param nanos how long it took
   */
  void ended(List<BlockKey> keys, OnboardResult result, long nanos);
}
