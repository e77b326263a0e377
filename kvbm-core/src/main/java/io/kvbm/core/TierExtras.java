package io.kvbm.core;

import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.policy.EvictionPolicyProvider;
import io.kvbm.core.event.RouterEventLog;
import io.kvbm.core.pool.BlockPoolBuilder;
import io.kvbm.core.pool.ContentListener;
import io.kvbm.core.prefetch.Prefetcher;
import io.kvbm.core.remote.Publisher;
import io.kvbm.core.remote.SharingOptions;
import io.kvbm.core.retention.RetentionRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a manager adds to the pools of its tiers beside their blocks. */
final class TierExtras {

  private final MetricsSink metrics;
  private final @Nullable RouterEventLog events;
  private final @Nullable RetentionRules retention;
  private final @Nullable Prefetcher prefetcher;
  private final @Nullable Publisher publisher;
  private final SharingOptions sharing;
  private boolean isTop = true;

  TierExtras(
      MetricsSink metrics,
      @Nullable RouterEventLog events,
      @Nullable RetentionRules retention,
      @Nullable Prefetcher prefetcher,
      KvBlockManagerConfig config,
      SharingOptions sharing) {
    this.metrics = metrics;
    this.events = events;
    this.retention = retention;
    this.prefetcher = prefetcher;
    this.sharing = sharing;
    int blocks =
        Stream.of(config.deviceLayout(), config.hostLayout(), config.diskLayout())
            .filter(Objects::nonNull)
            .mapToInt(layout -> Math.min(layout.numBlocks(), 1 << 18))
            .sum();
    publisher = SharingParts.publisher(config, sharing, blocks);
  }

  /** {@return who announces the blocks of lent tiers; null where nobody does} */
  @Nullable Publisher publisher() {
    return publisher;
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
    if (publisher != null && sharing.lend().stream().anyMatch(level -> level.text().equals(tier))) {
      listeners.add(publisher.listener());
    }
    isTop = false;
    listeners.stream().reduce(ContentListener::andThen).ifPresent(pool::content);
  }
}
