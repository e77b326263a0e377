package io.kvbm.core.logical;

import io.kvbm.api.remote.ShardMove;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/** One move on its way to one worker and back. Threading: safe from any thread. */
final class ShardFlight {

  final ShardMove move;

  /** Completes when the worker cannot touch the slots any more on behalf of this move. */
  final CompletableFuture<Void> settled = new CompletableFuture<>();

  private final AtomicBoolean reported = new AtomicBoolean();

  ShardFlight(ShardMove move) {
    this.move = move;
  }

  /** {@return whether the caller is the one to say how it ended} */
  boolean tryReport() {
    return reported.compareAndSet(false, true);
  }

  boolean touches(int set, int slot) {
    return move.source() == set && contains(move.sourceSlots(), slot)
        || move.target() == set && contains(move.targetSlots(), slot);
  }

  private static boolean contains(int[] slots, int slot) {
    for (int each : slots) {
      if (each == slot) {
        return true;
      }
    }
    return false;
  }
}
