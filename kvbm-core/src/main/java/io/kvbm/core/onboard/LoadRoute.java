package io.kvbm.core.onboard;

import io.kvbm.core.tier.Tier;
import java.util.PriorityQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What waits and what is in flight from one tier to the top. Under the lock of its {@link
 * LoadTable}, but for what is final.
 */
final class LoadRoute {

  final int tier;
  final Tier source;
  final String name;
  final PriorityQueue<Load> queue = new PriorityQueue<>(Load.ORDER);

  /** How often somebody asked to start batches since somebody began to. */
  final AtomicInteger pumps = new AtomicInteger();

  int batchesInFlight;

  /** Batches in flight that somebody has given up waiting for. */
  int batchesOverdue;

  /** One batch may be late for reasons of its own; two are a route that does not move. */
  boolean hasStopped() {
    return batchesOverdue > 1;
  }

  LoadRoute(int tier, Tier source, String name) {
    this.tier = tier;
    this.source = source;
    this.name = name;
  }
}
