package io.kvbm.core.tier;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.transfer.BlockOutcome;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Counts what is moved along one route. Threading: safe from any thread. */
final class RouteMeter {

  private final String route;
  private final MetricsSink.Counter damaged;
  private final Map<ErrorCode, Long> failures = new EnumMap<>(ErrorCode.class);
  private long blocks;
  private long byteSize;
  private long cancelled;
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

  /** A movement ended, with these outcomes. */
  synchronized void end(long nowNanos, List<BlockOutcome> outcomes) {
    for (BlockOutcome outcome : outcomes) {
      switch (outcome) {
        case BlockOutcome.Done(long bytes) -> {
          blocks++;
          byteSize += bytes;
        }
        case BlockOutcome.Failed failed -> {
          ErrorCode code = failed.cause().code();
          failures.merge(code, 1L, Long::sum);
          if (code == ErrorCode.CORRUPT) {
            damaged.add(1);
          }
        }
        case BlockOutcome.Cancelled _ -> cancelled++;
      }
    }
    if (--moving == 0) {
      busyNanos += nowNanos - movingSinceNanos;
    }
  }

  synchronized RouteUse use(long nowNanos) {
    long nanos = busyNanos + (moving > 0 ? nowNanos - movingSinceNanos : 0);
    return new RouteUse(route, blocks, byteSize, nanos, failures, cancelled);
  }
}
