package io.kvbm.cli.simulate;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.policy.EvictionPolicyProvider;
import java.util.Arrays;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs policies over one trace and measures them: two passes to warm up, then the median of five.
 * Each pass starts with a new policy and an empty tier; making them is not measured. One thread.
 */
final class Contest {

  private static final int WARM_UP_PASSES = 2;
  private static final int MEASURED_PASSES = 5;

  private final References references;
  private final LongConsumer progress;
  private int @Nullable [] nextUses;

  /**
   * @param references the trace
   * @param progress gets the number of references just served, after each pass
   */
  Contest(References references, LongConsumer progress) {
    this.references = references;
    this.progress = progress;
  }

  /** How many references are served to make so many scores; at least 1. */
  static long cost(References references, int scores) {
    return Math.max(1, (long) references.count() * (WARM_UP_PASSES + MEASURED_PASSES) * scores);
  }

  /** Measures a policy that sees only what has been asked for. */
  PolicyScore score(EvictionPolicyProvider provider, long capacity) {
    int slots = slots(capacity);
    return score(
        provider.name(),
        capacity,
        () -> {
          Simulation simulation = new Simulation(references, provider.create(slots), slots);
          return () -> new long[] {simulation.run()};
        });
  }

  /** Measures a policy in each of several tiers. */
  PolicyScore score(EvictionPolicyProvider provider, TierSizes tiers) {
    return score(
        provider.name(),
        tiers.total(),
        () -> new TieredSimulation(references, provider, tiers.capacities())::run);
  }

  /** Measures the one that sees everything. */
  PolicyScore scoreMin(long capacity) {
    if (nextUses == null) {
      nextUses = MinPolicy.nextUses(references);
    }
    int[] foresight = nextUses;
    int slots = slots(capacity);
    return score(
        MinPolicy.NAME,
        capacity,
        () -> {
          MinPolicy policy = new MinPolicy(references, foresight, slots);
          Simulation simulation = new Simulation(references, policy, slots);
          return () -> new long[] {simulation.run()};
        });
  }

  /** A tier that holds every block never evicts: more slots would only cost memory. */
  private int slots(long capacity) {
    return (int) Math.min(capacity, Math.max(1, references.uniqueCount()));
  }

  /** Runs what each call of {@code maker} prepares; it answers with the hits of each tier. */
  private PolicyScore score(String name, long capacity, Supplier<Supplier<long[]>> maker) {
    long[] nanos = new long[MEASURED_PASSES];
    long[] tierHits = {};
    for (int pass = -WARM_UP_PASSES; pass < MEASURED_PASSES; pass++) {
      Supplier<long[]> simulation = maker.get();
      long start = System.nanoTime();
      tierHits = simulation.get();
      long elapsed = System.nanoTime() - start;
      if (pass >= 0) {
        nanos[pass] = elapsed;
      }
      progress.accept(references.count());
      stopIfInterrupted();
    }
    Arrays.sort(nanos);
    long median = Math.max(1, nanos[MEASURED_PASSES / 2]);
    long hits = Arrays.stream(tierHits).sum();
    return new PolicyScore(
        name,
        capacity,
        hits,
        references.count() == 0 ? 0 : (double) hits / references.count(),
        Math.round(references.count() * 1e9 / median),
        Arrays.stream(tierHits).boxed().toList());
  }

  private static void stopIfInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw new TransientException(ErrorCode.CANCELLED, "the simulation was interrupted");
    }
  }
}
