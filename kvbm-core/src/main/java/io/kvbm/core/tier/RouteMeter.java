package io.kvbm.core.tier;

/** Counts what is moved along one route. Threading: safe from any thread. */
final class RouteMeter {

  private final String route;
  private long blocks;
  private long byteSize;
  private long failures;
  private long busyNanos;
  private int moving;
  private long movingSinceNanos;

  RouteMeter(String route) {
    this.route = route;
  }

  /** A movement began. */
  synchronized void begin(long nowNanos) {
    if (moving++ == 0) {
      movingSinceNanos = nowNanos;
    }
  }

  /** A movement ended, with so many blocks moved and not moved. */
  synchronized void end(long nowNanos, int moved, long movedByteSize, int failed) {
    blocks += moved;
    byteSize += movedByteSize;
    failures += failed;
    if (--moving == 0) {
      busyNanos += nowNanos - movingSinceNanos;
    }
  }

  synchronized RouteUse use(long nowNanos) {
    long nanos = busyNanos + (moving > 0 ? nowNanos - movingSinceNanos : 0);
    return new RouteUse(route, blocks, byteSize, nanos, failures);
  }
}
