package io.kvbm.core;

import io.kvbm.api.block.BlockKey;
import io.kvbm.core.pool.ContentListener;
import io.kvbm.core.prefetch.Prefetcher;
import org.jspecify.annotations.Nullable;

/** Tells a prefetcher what left the tier it loads into. */
final class PrefetchedContent implements ContentListener {

  private final Prefetcher prefetcher;

  PrefetchedContent(Prefetcher prefetcher) {
    this.prefetcher = prefetcher;
  }

  @Override
  public void entered(BlockKey key, @Nullable BlockKey parent, int[] tokens) {}

  @Override
  public void left(BlockKey key) {
    prefetcher.evicted(key);
  }

  @Override
  public void cleared() {
    prefetcher.evictedAll();
  }
}
