package io.kvbm.core.onboard;

import io.kvbm.api.block.BlockKey;
import io.kvbm.core.cost.Decision;
import io.kvbm.core.tier.LocatedBlock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Which blocks of a sequence are to arrive: a prefix of those found, and why the others are
 * missing. For one thread.
 */
final class OnboardPlan {

  private final List<BlockKey> keys;
  private final List<LocatedBlock> found;
  private final List<Missing> reasons = new ArrayList<>();
  private final Set<LocatedBlock> probes = new HashSet<>();
  private int limit;
  private long patienceNanos = Long.MAX_VALUE;

  OnboardPlan(List<BlockKey> keys, List<LocatedBlock> found, Residence residence) {
    this.keys = keys;
    this.found = found;
    this.limit = found.size();
    for (int i = limit; i < keys.size(); i++) {
      BlockKey key = keys.get(i);
      boolean isBehind = i > limit && residence.contains(key);
      reasons.add(isBehind ? new Missing.Behind(key) : new Missing.Absent(key));
    }
  }

  /** {@return how many blocks are to arrive} */
  int limit() {
    return limit;
  }

  /** Lets fewer blocks arrive; what was to be loaded of the others is missing for a reason. */
  void cut(int to, Function<BlockKey, Missing> reason) {
    List<Missing> cut = new ArrayList<>();
    for (int i = to; i < limit; i++) {
      BlockKey key = keys.get(i);
      boolean isBehind = i > to && found.get(i).tier() == 0;
      cut.add(isBehind ? new Missing.Behind(key) : reason.apply(key));
    }
    reasons.addAll(0, cut);
    limit = Math.min(limit, to);
  }

  /** Lets nothing be loaded. */
  void cutAtLoads(Function<BlockKey, Missing> reason) {
    int present = 0;
    while (present < limit && found.get(present).tier() == 0) {
      present++;
    }
    cut(present, reason);
  }

  /** Loads what a gate says. */
  void follow(Decision decision) {
    int asked = limit;
    cut(Math.clamp(decision.loadBlocks(), 0, limit), Missing.Avoided::new);
    for (int i = limit; i < asked && probes.size() < decision.probeBlocks(); i++) {
      if (found.get(i).tier() > 0) {
        probes.add(found.get(i));
      }
    }
    patienceNanos = decision.patienceNanos();
  }

  /** {@return whether anything is to be loaded that somebody waits for} */
  boolean loads() {
    return found.subList(0, limit).stream().anyMatch(block -> block.tier() > 0);
  }

  boolean isProbe(LocatedBlock block) {
    return probes.contains(block);
  }

  int probeBlocks() {
    return probes.size();
  }

  long patienceNanos() {
    return patienceNanos;
  }

  /** {@return the tier of each block that is to arrive} */
  int[] tiers() {
    return found.subList(0, limit).stream().mapToInt(LocatedBlock::tier).toArray();
  }

  /** {@return why each of the other keys is missing} */
  List<Missing> reasons() {
    return reasons;
  }
}
