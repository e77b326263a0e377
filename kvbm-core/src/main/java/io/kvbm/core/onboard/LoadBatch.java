package io.kvbm.core.onboard;

import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.core.tier.MoveHandle;
import io.kvbm.core.time.Cancellable;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Loads that move together. Under the lock of their {@link LoadTable}, but for what is final. */
final class LoadBatch {

  final LoadRoute route;

  /** Completes when nothing of it is in flight and everything was given back or handed out. */
  final CompletableFuture<Void> drained = new CompletableFuture<>();

  List<Load> loads;
  @Nullable MoveHandle move;
  boolean isOverdue;

  /** Ends with the batch. */
  @Nullable Cancellable stallAlarm;

  /** Has taken longer than a batch may: nobody waits for it, and nobody comes to. */
  boolean isStalled;

  /** Stalled, and the route goes on without it; counts neither as in flight nor as overdue. */
  boolean isWrittenOff;

  boolean hasEnded;
  boolean isCancelled;

  LoadBatch(LoadRoute route, List<Load> loads) {
    this.route = route;
    this.loads = loads;
  }

  boolean isWanted() {
    return loads.stream().anyMatch(Load::isWanted);
  }

  long priority() {
    return loads.stream().mapToLong(load -> load.priority).max().orElse(0);
  }

  List<ImmutableBlock> sources() {
    return loads.stream().map(load -> load.source).toList();
  }
}
