package io.kvbm.core.tier;

import io.kvbm.api.metrics.MetricsSink;

/** Counts what is moved along one route. Threading: safe from any thread. */
final class RouteMeter {

  private final String route;
  private final MetricsSink.Counter damaged;
  private long blocks;
  private long byteSize;
  private long failures;
  private long corrupt;
  private long busyNanos;
  private int moving;
  private long movingSinceNanos;

  RouteMeter(String route, MetricsSink metrics) {
    this.route = route;
    this.damaged = metrics.counter("kvbm.tier.checksum.failures", "route", route);
  }

  /** A movement began. */
  synchronized void begin(long nowNanos) {
    if (moving++ == 0) {
      movingSinceNanos = nowNanos;
    }
  }

  /** A movement ended, with so many blocks moved and not moved, some of these for damage. */
  synchronized void end(
      long nowNanos, int moved, long movedByteSize, int failed, int foundCorrupt) {
    blocks += moved;
    byteSize += movedByteSize;
    failures += failed;
    corrupt += foundCorrupt;
    if (foundCorrupt > 0) {
      damaged.add(foundCorrupt);
    }
    if (--moving == 0) {
      busyNanos += nowNanos - movingSinceNanos;
    }
  }

  synchronized RouteUse use(long nowNanos) {
    long nanos = busyNanos + (moving > 0 ? nowNanos - movingSinceNanos : 0);
    return new RouteUse(route, blocks, byteSize, nanos, failures, corrupt);
  }
}
