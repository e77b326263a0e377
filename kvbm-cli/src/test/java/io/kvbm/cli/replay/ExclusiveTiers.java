package io.kvbm.cli.replay;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Tiers of least-recently-used blocks, each block in one of them, without bytes and without slots:
 * what a tier has no room for goes down one tier, what is asked for goes to the top. The hashes of
 * a request must differ.
 */
final class ExclusiveTiers {

  private final int[] capacities;
  private final long[] hits;

  /** Of each tier, the least recently used block first. */
  private final List<LinkedHashSet<Long>> tiers = new ArrayList<>();

  ExclusiveTiers(int... capacities) {
    this.capacities = capacities;
    this.hits = new long[capacities.length];
    for (int i = 0; i < capacities.length; i++) {
      tiers.add(new LinkedHashSet<>());
    }
  }

  long hits(int tier) {
    return hits[tier];
  }

  /** Serves a request that fits the top tier. */
  void serve(long[] request) {
    List<List<Long>> found = new ArrayList<>();
    tiers.forEach(tier -> found.add(new ArrayList<>()));
    Set<Long> inUse = new HashSet<>();
    for (long block : request) {
      int tier = tierOf(block);
      if (tier < 0) {
        break;
      }
      found.get(tier).add(block);
      inUse.add(block);
      hits[tier]++;
    }
    for (int tier = 1; tier < tiers.size(); tier++) {
      makeRoom(0, found.get(tier).size(), inUse);
      tiers.get(tier).removeAll(found.get(tier));
      tiers.getFirst().addAll(found.get(tier));
    }
    makeRoom(0, request.length - inUse.size(), inUse);
    for (int i = request.length - 1; i >= 0; i--) {
      int old = tierOf(request[i]);
      if (old >= 0) {
        tiers.get(old).remove(request[i]);
      }
      tiers.getFirst().add(request[i]);
    }
  }

  private int tierOf(long block) {
    for (int tier = 0; tier < tiers.size(); tier++) {
      if (tiers.get(tier).contains(block)) {
        return tier;
      }
    }
    return -1;
  }

  private void makeRoom(int tier, int count, Set<Long> inUse) {
    int missing = count - (capacities[tier] - tiers.get(tier).size());
    if (missing <= 0) {
      return;
    }
    List<Long> victims =
        tiers.get(tier).stream().filter(block -> !inUse.contains(block)).limit(missing).toList();
    if (tier + 1 < tiers.size()) {
      makeRoom(tier + 1, victims.size(), inUse);
      tiers.get(tier + 1).addAll(victims);
    }
    victims.forEach(tiers.get(tier)::remove);
  }
}
