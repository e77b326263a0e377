package io.kvbm.core.logical;

import io.kvbm.core.remote.ShardMover;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** One worker as its leader sees it. Threading: safe from any thread. */
final class ShardMember {

  final String name;
  volatile ShardMover mover;

  /** Why it gets no more moves, or null. */
  volatile @Nullable String fence;

  /** What the worker has not been heard of since, and may still be busy with. */
  final Set<ShardFlight> unsettled = ConcurrentHashMap.newKeySet();

  ShardMember(String name, ShardMover mover) {
    this.name = name;
    this.mover = mover;
  }

  void settleAll() {
    for (ShardFlight flight : unsettled) {
      settle(flight);
    }
  }

  void settle(ShardFlight flight) {
    unsettled.remove(flight);
    flight.settled.complete(null);
  }
}
