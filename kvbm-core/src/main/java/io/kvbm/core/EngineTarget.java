package io.kvbm.core;

import io.kvbm.api.CancellationToken;
import io.kvbm.api.block.BlockKey;
import io.kvbm.core.onboard.OnboardOptions;
import io.kvbm.core.onboard.OnboardResult;
import io.kvbm.core.onboard.Onboarding;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.prefetch.PrefetchTarget;
import io.kvbm.core.tiering.TieringEngine;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Prefetches into the top tier of an engine, behind everything somebody waits for. */
final class EngineTarget implements PrefetchTarget {

  /** Above only those loads that measure a route. */
  private static final long PRIORITY = Long.MIN_VALUE + 1;

  private final Supplier<TieringEngine> engine;

  /**
   * @param engine known when the first blocks are to be loaded
   */
  EngineTarget(Supplier<TieringEngine> engine) {
    this.engine = engine;
  }

  @Override
  public CompletionStage<long[]> load(
      List<BlockKey> keys, long deadlineNanos, CancellationToken cancellation) {
    TieringEngine tiers = engine.get();
    long blockByteSize = tiers.tiers().getFirst().pool().shape().blockByteSize();
    Onboarding onboarding = tiers.prefetch(keys, new OnboardOptions(deadlineNanos, PRIORITY));
    CancellationToken.Registration registration = cancellation.onCancel(onboarding::cancel);
    CompletableFuture<long[]> loaded = new CompletableFuture<>();
    onboarding
        .result()
        .thenAccept(
            result -> {
              registration.close();
              // First, so that a block is known to be here before it may leave.
              loaded.complete(bytes(result, keys.size(), blockByteSize));
              BlockPool.closeAll(result.blocks());
            });
    return loaded;
  }

  private static long[] bytes(OnboardResult result, int count, long blockByteSize) {
    long[] bytes = new long[count];
    for (int i = 0; i < result.sources().size(); i++) {
      bytes[i] = result.sources().get(i) > 0 ? blockByteSize : 0;
    }
    return bytes;
  }
}
