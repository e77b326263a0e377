package io.kvbm.core.onboard;

import io.kvbm.core.tier.Tier;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Counts for {@link OnboardStatistics}. Threading: safe from any thread. */
final class OnboardCounters {

  final LongAdder requests = new LongAdder();
  final LongAdder loadedBytes = new LongAdder();
  final LongAdder deadlineMisses = new LongAdder();
  final LongAdder avoided = new LongAdder();
  final LongAdder coalesced = new LongAdder();
  final LongAdder failed = new LongAdder();
  final LongAdder corrupt = new LongAdder();
  final LongAdder late = new LongAdder();
  final LongAdder noRoom = new LongAdder();
  private final List<Tier> tiers;
  private final List<LongAdder> hits = new ArrayList<>();

  OnboardCounters(List<Tier> tiers) {
    this.tiers = tiers;
    tiers.forEach(_ -> hits.add(new LongAdder()));
  }

  /** Counts what a request ended with; {@return the blocks by the name of their tier} */
  Map<String, Integer> count(int[] blocksByTier, List<Missing> missing) {
    Map<String, Integer> byName = new HashMap<>();
    for (int tier = 0; tier < blocksByTier.length; tier++) {
      if (blocksByTier[tier] > 0) {
        hits.get(tier).add(blocksByTier[tier]);
        byName.put(tiers.get(tier).name(), blocksByTier[tier]);
      }
    }
    for (Missing one : missing) {
      if (one instanceof Missing.Deadline) {
        deadlineMisses.increment();
      } else if (one instanceof Missing.Avoided) {
        avoided.increment();
      } else if (one instanceof Missing.NoRoom) {
        noRoom.increment();
      }
    }
    return byName;
  }

  OnboardStatistics statistics() {
    Map<String, Long> byName = new HashMap<>();
    for (int tier = 0; tier < tiers.size(); tier++) {
      byName.put(tiers.get(tier).name(), hits.get(tier).sum());
    }
    return new OnboardStatistics(
        requests.sum(),
        byName,
        loadedBytes.sum(),
        deadlineMisses.sum(),
        avoided.sum(),
        coalesced.sum(),
        failed.sum(),
        corrupt.sum(),
        late.sum(),
        noRoom.sum());
  }
}
