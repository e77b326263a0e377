package io.kvbm.cli.simulate;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;
import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.function.LongConsumer;
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
    return score(provider.name(), capacity, provider::create);
  }

  /** Measures the one that sees everything. */
  PolicyScore scoreMin(long capacity) {
    if (nextUses == null) {
      nextUses = MinPolicy.nextUses(references);
    }
    int[] foresight = nextUses;
    return score(MinPolicy.NAME, capacity, slots -> new MinPolicy(references, foresight, slots));
  }

  private PolicyScore score(String name, long capacity, IntFunction<EvictionPolicy> maker) {
    // A tier that holds every block never evicts: more slots would only cost memory.
    int slots = (int) Math.min(capacity, Math.max(1, references.uniqueCount()));
    long[] nanos = new long[MEASURED_PASSES];
    long hits = 0;
    for (int pass = -WARM_UP_PASSES; pass < MEASURED_PASSES; pass++) {
      Simulation simulation = new Simulation(references, maker.apply(slots), slots);
      long start = System.nanoTime();
      hits = simulation.run();
      long elapsed = System.nanoTime() - start;
      if (pass >= 0) {
        nanos[pass] = elapsed;
      }
      progress.accept(references.count());
      stopIfInterrupted();
    }
    Arrays.sort(nanos);
    long median = Math.max(1, nanos[MEASURED_PASSES / 2]);
    double hitRatio = references.count() == 0 ? 0 : (double) hits / references.count();
    return new PolicyScore(
        name, capacity, hits, hitRatio, Math.round(references.count() * 1e9 / median));
  }

  private static void stopIfInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw new TransientException(ErrorCode.CANCELLED, "the simulation was interrupted");
    }
  }
}
