package io.kvbm.core.cost;

import io.kvbm.core.cost.Decision.Reason;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * Loads what is faster to load than to compute, so that a cache is never slower than none: chooses
 * the longest prefix for which loading it and computing the rest takes least.
 *
 * <p>What a mistake costs is bounded. A route nobody knows is tried with {@value #LEARN_BLOCKS}
 * blocks, and waited for no longer than a quarter of their computation; every other load is given
 * up where it takes four times as long as expected or as long as computing. A route that lost is
 * tried again with a block or {@value #PROBE_BLOCKS} that nobody waits for, 1/250 of the time.
 *
 * <p>Threading: safe from any thread.
 */
public final class CostGate implements LoadGate {

  private static final int LEARN_BLOCKS = 8;
  private static final int PROBE_BLOCKS = 4;
  private static final double PATIENCE = 4;

  /** A pause of the machine must not make a fast load lose. */
  private static final double PAUSE_SHARE = 1.0 / 8;

  private static final double PAUSE_NANOS = 50e6;
  private static final double LEARN_PATIENCE_SHARE = 1.0 / 4;

  private final GateMode mode;
  private final RecomputeCost recompute;
  private final RouteCosts costs;
  private final LongAdder decisions = new LongAdder();
  private final LongAdder avoidedBlocks = new LongAdder();
  private final LongAdder avoidedBytes = new LongAdder();
  private final LongAdder probes = new LongAdder();

  /**
   * Creates a gate.
   *
   * @param mode what to do
   * @param recompute what computing costs
   * @param costs what loading costs; whoever loads tells it
   */
  public CostGate(GateMode mode, RecomputeCost recompute, RouteCosts costs) {
    this.mode = mode;
    this.recompute = recompute;
    this.costs = costs;
  }

  @Override
  public Decision decide(RoutePlan plan) {
    decisions.increment();
    int total = plan.routes().size();
    if (mode == GateMode.OFF) {
      return Decision.loadAll(total);
    }
    PrefixSearch search = new PrefixSearch(plan);
    int avoided = count(plan.routes(), search.best, total);
    avoidedBlocks.add(avoided);
    avoidedBytes.add(avoided * plan.blockByteSize());
    if (mode == GateMode.ADVISE) {
      Reason reason = avoided == 0 ? Reason.LOAD_ALL : Reason.ADVISED;
      long loadNanos = (long) search.loadNanos;
      return new Decision(
          total, avoided, 0, loadNanos, search.recomputeNanos(), Long.MAX_VALUE, reason);
    }
    return search.decision(avoided);
  }

  /** {@return how many of some blocks are not in the top tier} */
  private static int count(List<String> routes, int from, int to) {
    int count = 0;
    for (String route : routes.subList(from, to)) {
      count += route.equals(RoutePlan.PRESENT) ? 0 : 1;
    }
    return count;
  }

  /** {@return what was decided} */
  public GateStatistics statistics() {
    return new GateStatistics(
        decisions.sum(), avoidedBlocks.sum(), avoidedBytes.sum(), probes.sum());
  }

  /** One decision: routes work side by side, so a load takes as long as the slowest of them. */
  private final class PrefixSearch {
    private final RoutePlan plan;
    private final RouteLoads loads = new RouteLoads(costs);
    private int best;
    private double loadNanos;
    private boolean learns;

    PrefixSearch(RoutePlan plan) {
      this.plan = plan;
      int total = plan.routes().size();
      double least = recompute.nanos(0, total);
      double slowest = 0;
      boolean unknown = false;
      for (int i = 0; i < total; i++) {
        String route = plan.routes().get(i);
        if (!route.equals(RoutePlan.PRESENT)) {
          slowest = Math.max(slowest, loads.add(route, plan.blockByteSize()));
          boolean isKnown = loads.isKnown(route);
          unknown |= !isKnown;
          if (!isKnown && loads.blocks(route) > LEARN_BLOCKS) {
            break;
          }
        }
        double nanos = slowest + recompute.nanos(i + 1, total);
        if (nanos <= least) {
          least = nanos;
          best = i + 1;
          loadNanos = slowest;
          learns = unknown;
        }
      }
    }

    private long recomputeNanos() {
      return (long) recompute.nanos(best, plan.routes().size());
    }

    Decision decision(int avoided) {
      int probe = avoided == 0 ? 0 : probe();
      if (learns || probe > 0) {
        probes.increment();
      }
      return new Decision(
          best, avoided, probe, (long) loadNanos, recomputeNanos(), patienceNanos(), reason());
    }

    private Reason reason() {
      if (learns) {
        return Reason.LEARN;
      }
      if (best == plan.routes().size()) {
        return Reason.LOAD_ALL;
      }
      return count(plan.routes(), 0, best) == 0 ? Reason.RECOMPUTE : Reason.LOAD_SOME;
    }

    /** Only the first block that is avoided tells what it would take to go further. */
    private int probe() {
      for (int i = best; i < plan.routes().size(); i++) {
        String route = plan.routes().get(i);
        if (!route.equals(RoutePlan.PRESENT)) {
          int left = count(plan.routes(), i, plan.routes().size());
          return Math.min(left, costs.tryProbe(route, plan.blockByteSize(), PROBE_BLOCKS));
        }
      }
      return 0;
    }

    /** What is in the top tier already is not to be waited for. */
    private long patienceNanos() {
      int first = 0;
      while (first < best && plan.routes().get(first).equals(RoutePlan.PRESENT)) {
        first++;
      }
      double saved = recompute.nanos(first, best);
      if (learns) {
        return (long) (saved * LEARN_PATIENCE_SHARE);
      }
      double pause = Math.min(saved * PAUSE_SHARE, PAUSE_NANOS);
      return (long) Math.min(saved, Math.max(PATIENCE * loadNanos, loadNanos + pause));
    }
  }
}
