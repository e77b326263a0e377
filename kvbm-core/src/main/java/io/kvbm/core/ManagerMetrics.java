package io.kvbm.core;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.metrics.MetricsSink.Counter;
import io.kvbm.api.metrics.MetricsSink.Histogram;
import io.kvbm.core.cost.GateStatistics;
import io.kvbm.core.event.RouterEventLog;
import io.kvbm.core.offload.OffloadStatistics;
import io.kvbm.core.onboard.Missing;
import io.kvbm.core.onboard.OnboardResult;
import io.kvbm.core.onboard.OnboardStatistics;
import io.kvbm.core.prefetch.ConversationPrefetcher;
import io.kvbm.core.prefetch.PrefetchOutcome;
import io.kvbm.core.prefetch.PrefetchStatistics;
import io.kvbm.core.retention.LeaseStatistics;
import io.kvbm.core.retention.NamespaceUsage;
import io.kvbm.core.retention.PinStatistics;
import io.kvbm.core.retention.Retention;
import io.kvbm.core.retention.TimeToLive;
import io.kvbm.core.tier.RouteUse;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.tiering.RequestListener;
import io.kvbm.core.tiering.TieringEngine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/**
 * Shows what a manager does, by tier, route and cause. What the parts count themselves is read when
 * it is asked for; only requests are counted here. Threading: safe from any thread.
 */
final class ManagerMetrics implements RequestListener, AutoCloseable {

  private static final String TIER = "tier";
  private static final String ROUTE = "route";

  private final MetricsSink sink;
  private final List<Tier> tiers;
  private final Counter requests;
  private final Counter blocks;
  private final List<LongAdder> hits = new ArrayList<>();
  private final Map<Class<? extends Missing>, Counter> misses = new HashMap<>();
  private final Histogram duration;

  /**
   * Begins to count requests.
   *
   * @param sink where to report
   * @param tiers the fastest first
   */
  ManagerMetrics(MetricsSink sink, List<Tier> tiers) {
    this.sink = sink;
    this.tiers = tiers;
    requests = sink.counter("kvbm.lookup.requests");
    blocks = sink.counter("kvbm.lookup.blocks");
    duration = sink.histogram("kvbm.lookup.nanos");
    for (Tier tier : tiers) {
      LongAdder found = new LongAdder();
      hits.add(found);
      sink.counter("kvbm.lookup.hits", found::sum, TIER, tier.name());
    }
    reason(Missing.Absent.class, "absent");
    reason(Missing.Deadline.class, "deadline");
    reason(Missing.Failed.class, "failed");
    reason(Missing.Corrupt.class, "corrupt");
    reason(Missing.Avoided.class, "avoided");
    reason(Missing.NoRoom.class, "no-room");
    reason(Missing.Cancelled.class, "cancelled");
    reason(Missing.Behind.class, "behind");
  }

  private void reason(Class<? extends Missing> kind, String text) {
    misses.put(kind, sink.counter("kvbm.lookup.misses", "reason", text));
  }

  @Override
  public void ended(List<BlockKey> keys, OnboardResult result, long nanos) {
    requests.increment();
    blocks.add(keys.size());
    duration.record(nanos);
    for (int tier : result.sources()) {
      if (tier < hits.size()) { // what other workers gave is counted by the sharing
        hits.get(tier).increment();
      }
    }
    result.missing().forEach(one -> Objects.requireNonNull(misses.get(one.getClass())).increment());
  }

  /** Shows how many blocks of each tier are in which state. */
  void showTiers(List<Tier> tiers) {
    for (Tier tier : tiers) {
      String name = tier.name();
      state(name, "used", () -> tier.pool().status().active());
      state(name, "unused", () -> tier.pool().status().inactive());
      state(name, "empty", () -> tier.pool().status().empty());
      sink.gauge(
          "kvbm.tier.resident.blocks",
          () -> (double) tier.pool().residency().resident(),
          TIER,
          name);
    }
  }

  private void state(String tier, String state, LongSupplier count) {
    sink.gauge("kvbm.tier.blocks", () -> (double) count.getAsLong(), TIER, tier, "state", state);
  }

  /** Shows what an engine moves, brings up, copies down and leaves alone. */
  void showEngine(TieringEngine engine) {
    for (RouteUse route : engine.routes()) {
      String name = route.route();
      sink.counter("kvbm.tier.moved.blocks", () -> use(engine, name).blocks(), ROUTE, name);
      sink.counter("kvbm.tier.moved.bytes", () -> use(engine, name).byteSize(), ROUTE, name);
      sink.counter("kvbm.tier.moved.busy.nanos", () -> use(engine, name).nanos(), ROUTE, name);
      sink.counter("kvbm.tier.moved.failures", () -> use(engine, name).unmoved(), ROUTE, name);
    }
    for (Tier tier : engine.tiers()) {
      String name = tier.name();
      sink.counter(
          "kvbm.tier.lost.blocks", () -> engine.dropped().getOrDefault(name, 0L), TIER, name);
      sink.counter(
          "kvbm.tier.refused.blocks", () -> engine.refused().getOrDefault(name, 0L), TIER, name);
    }
    showOnboards(engine);
    engine.offloads().keySet().forEach(route -> showOffloads(engine, route));
    if (engine.gate().isPresent()) {
      showGate(engine);
    }
  }

  private static RouteUse use(TieringEngine engine, String route) {
    return engine.routes().stream()
        .filter(use -> use.route().equals(route))
        .findFirst()
        .orElseGet(() -> RouteUse.none(route));
  }

  private void showOnboards(TieringEngine engine) {
    sink.counter("kvbm.onboard.requests", () -> engine.onboards().requests());
    sink.counter("kvbm.onboard.loaded.bytes", () -> engine.onboards().loadedByteSize());
    sink.counter("kvbm.onboard.deadline.misses", () -> engine.onboards().deadlineMisses());
    sink.counter("kvbm.onboard.avoided.blocks", () -> engine.onboards().avoided());
    sink.counter("kvbm.onboard.coalesced.blocks", () -> engine.onboards().coalesced());
    sink.counter("kvbm.onboard.late.blocks", () -> engine.onboards().late());
    sink.counter("kvbm.onboard.refused.blocks", () -> engine.onboards().noRoom());
    failure(engine, "error", OnboardStatistics::failed);
    failure(engine, "corrupt", OnboardStatistics::corrupt);
  }

  private void failure(
      TieringEngine engine, String cause, ToLongFunction<OnboardStatistics> count) {
    sink.counter(
        "kvbm.onboard.failures", () -> count.applyAsLong(engine.onboards()), "cause", cause);
  }

  private void showOffloads(TieringEngine engine, String route) {
    sink.counter(
        "kvbm.offload.submitted.blocks", () -> offload(engine, route).submitted(), ROUTE, route);
    sink.counter("kvbm.offload.joined.blocks", () -> offload(engine, route).joined(), ROUTE, route);
    sink.counter(
        "kvbm.offload.copied.bytes", () -> offload(engine, route).copiedByteSize(), ROUTE, route);
    sink.gauge(
        "kvbm.offload.queue.depth", () -> (double) offload(engine, route).queued(), ROUTE, route);
    sink.gauge(
        "kvbm.offload.queue.age.nanos",
        () -> (double) offload(engine, route).oldestQueuedNanos(),
        ROUTE,
        route);
    sink.gauge(
        "kvbm.offload.in.flight.blocks",
        () -> (double) offload(engine, route).inFlight(),
        ROUTE,
        route);
    sink.gauge(
        "kvbm.offload.in.flight.bytes",
        () -> (double) offload(engine, route).bytesInFlight(),
        ROUTE,
        route);
    sink.counter(
        "kvbm.offload.stalled.blocks", () -> offload(engine, route).stalled(), ROUTE, route);
    result(engine, route, "copied", OffloadStatistics::copied);
    result(engine, route, "present", OffloadStatistics::present);
    result(engine, route, "gone", OffloadStatistics::gone);
    result(engine, route, "not-admitted", OffloadStatistics::notAdmitted);
    result(engine, route, "queue-full", OffloadStatistics::queueFull);
    result(engine, route, "no-room", OffloadStatistics::noRoom);
    result(engine, route, "failed", OffloadStatistics::failed);
    result(engine, route, "cancelled", OffloadStatistics::cancelled);
  }

  private void result(
      TieringEngine engine, String route, String result, ToLongFunction<OffloadStatistics> count) {
    sink.counter(
        "kvbm.offload.results",
        () -> count.applyAsLong(offload(engine, route)),
        ROUTE,
        route,
        "result",
        result);
  }

  private static OffloadStatistics offload(TieringEngine engine, String route) {
    return Objects.requireNonNull(engine.offloads().get(route));
  }

  private void showGate(TieringEngine engine) {
    sink.counter("kvbm.gate.decisions", () -> gate(engine).decisions());
    sink.counter("kvbm.gate.avoided.blocks", () -> gate(engine).avoidedBlocks());
    sink.counter("kvbm.gate.avoided.bytes", () -> gate(engine).avoidedByteSize());
    sink.counter("kvbm.gate.probes", () -> gate(engine).probes());
  }

  private static GateStatistics gate(TieringEngine engine) {
    return engine.gate().orElseThrow();
  }

  /** Shows what is prefetched, and of what use that is. */
  void showPrefetch(ConversationPrefetcher prefetch) {
    sink.counter("kvbm.prefetch.issued.bytes", () -> prefetch.statistics().issuedBytes());
    sink.counter("kvbm.prefetch.used.bytes", () -> prefetch.statistics().usedBytes());
    sink.counter("kvbm.prefetch.wasted.bytes", () -> prefetch.statistics().wastedBytes());
    sink.gauge(
        "kvbm.prefetch.unsettled.bytes", () -> (double) prefetch.statistics().unsettledBytes());
    sink.gauge(
        "kvbm.prefetch.in.flight.bytes", () -> (double) prefetch.statistics().bytesInFlight());
    sink.gauge("kvbm.prefetch.queue.depth", () -> prefetch.statistics().queued());
    sink.gauge("kvbm.prefetch.paused", () -> prefetch.statistics().paused() ? 1 : 0);
    sink.counter("kvbm.prefetch.pauses", () -> prefetch.statistics().pauses());
    for (PrefetchOutcome outcome : PrefetchOutcome.values()) {
      sink.counter(
          "kvbm.prefetch.requests",
          () -> count(prefetch.statistics(), outcome),
          "outcome",
          outcome.name().toLowerCase(Locale.ROOT).replace('_', '-'));
    }
  }

  private static long count(PrefetchStatistics statistics, PrefetchOutcome outcome) {
    return statistics.outcomes().getOrDefault(outcome, 0L);
  }

  /** Shows what is kept and what expired. */
  void showRetention(Retention retention, List<Tier> tiers) {
    for (Tier tier : tiers) {
      String name = tier.name();
      sink.gauge(
          "kvbm.retention.retained.blocks",
          () -> pins(retention, name).retainedBlocks(),
          TIER,
          name);
      sink.gauge("kvbm.retention.leases", () -> leases(retention, name).active(), TIER, name);
      sink.counter(
          "kvbm.retention.leases.granted", () -> leases(retention, name).granted(), TIER, name);
      ended(name, "lease", () -> leases(retention, name).expired());
      ended(name, "pin", () -> pins(retention, name).expired());
      refused(name, "lease", () -> leases(retention, name).refused());
      refused(name, "pin", () -> pins(retention, name).refused());
      sink.gauge(
          "kvbm.retention.excess.blocks", () -> (double) excess(retention, name), TIER, name);
    }
    sink.gauge("kvbm.retention.timed.blocks", () -> lives(retention).watched());
    sink.counter("kvbm.retention.expired.blocks", () -> lives(retention).expired());
    sink.counter("kvbm.retention.deferred.blocks", () -> lives(retention).deferred());
  }

  private void ended(String tier, String kind, LongSupplier count) {
    sink.counter("kvbm.retention.ended", count, TIER, tier, "kind", kind);
  }

  private void refused(String tier, String kind, LongSupplier count) {
    sink.counter("kvbm.retention.refused", count, TIER, tier, "kind", kind);
  }

  private static PinStatistics pins(Retention retention, String tier) {
    return Objects.requireNonNull(retention.statistics().pins().get(tier));
  }

  private static LeaseStatistics leases(Retention retention, String tier) {
    return Objects.requireNonNull(retention.statistics().leases().get(tier));
  }

  private static TimeToLive.Statistics lives(Retention retention) {
    return retention.statistics().lives();
  }

  /** Blocks of a tier above the quotas of their namespaces. */
  private static long excess(Retention retention, String tier) {
    return retention.statistics().namespaces().stream()
        .filter(usage -> usage.tier().equals(tier))
        .mapToLong(NamespaceUsage::excessBlocks)
        .sum();
  }

  /** Shows what routers are told. */
  void showEvents(RouterEventLog events) {
    sink.counter("kvbm.events.published", () -> events.statistics().events());
    sink.gauge("kvbm.events.retained", () -> events.statistics().retainedEvents());
    sink.gauge("kvbm.events.resident.blocks", () -> events.statistics().residentBlocks());
  }

  /** No block of the manager can be found any more: each has left, so that the sums still hold. */
  @Override
  public void close() {
    for (Tier tier : tiers) {
      sink.counter("kvbm.tier.left.blocks", TIER, tier.name(), "cause", "closed")
          .add(tier.pool().residency().resident());
    }
  }
}
