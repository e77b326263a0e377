package io.kvbm.core;

import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.policy.EvictionPolicyProvider;
import io.kvbm.core.event.RouterEventLog;
import io.kvbm.core.pool.BlockPoolBuilder;
import io.kvbm.core.pool.ContentListener;
import io.kvbm.core.prefetch.Prefetcher;
import io.kvbm.core.retention.RetentionRules;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a manager adds to the pools of its tiers beside their blocks. */
final class TierExtras {

  private final MetricsSink metrics;
  private final @Nullable RouterEventLog events;
  private final @Nullable RetentionRules retention;
  private final @Nullable Prefetcher prefetcher;
  private boolean isTop = true;

  TierExtras(
      MetricsSink metrics,
      @Nullable RouterEventLog events,
      @Nullable RetentionRules retention,
      @Nullable Prefetcher prefetcher) {
    this.metrics = metrics;
    this.events = events;
    this.retention = retention;
    this.prefetcher = prefetcher;
  }

  /**
   * Adds to a pool whom it reports to and what stands before its policy. The tiers come in their
   * order, the fastest first.
   */
  void apply(String tier, BlockPoolBuilder pool, EvictionPolicyProvider policy) {
    pool.evictionPolicy(policy).metrics(metrics);
    List<ContentListener> listeners = new ArrayList<>();
    if (events != null) {
      listeners.add(events.tier(tier));
    }
    if (retention != null) {
      retention.apply(tier, pool, policy).ifPresent(listeners::add);
    }
    if (prefetcher != null && isTop) {
      listeners.add(new PrefetchedContent(prefetcher));
    }
    isTop = false;
    listeners.stream().reduce(ContentListener::andThen).ifPresent(pool::content);
  }
}
