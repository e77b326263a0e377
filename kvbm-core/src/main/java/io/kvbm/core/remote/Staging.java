package io.kvbm.core.remote;

import io.kvbm.api.layout.Layout;
import io.kvbm.core.time.Deadlines;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The free slots of the memory that blocks are lent from which peers cannot read where they are.
 * Whoever finds none waits for one, the first comer first. Threading: safe from any thread.
 */
final class Staging {

  private record Waiter(int count, CompletableFuture<List<Integer>> slots) {}

  private final Layout layout;
  private final ArrayDeque<Integer> free = new ArrayDeque<>();
  private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();

  Staging(Layout layout) {
    this.layout = layout;
    for (int slot = 0; slot < layout.config().numBlocks(); slot++) {
      free.add(slot);
    }
  }

  Layout layout() {
    return layout;
  }

  synchronized int freeSlots() {
    return free.size();
  }

  /** {@return completes with as many slots as there are, at least one and at most so many} */
  CompletionStage<List<Integer>> take(int count) {
    synchronized (this) {
      if (free.isEmpty() || !waiters.isEmpty()) {
        CompletableFuture<List<Integer>> slots = new CompletableFuture<>();
        waiters.add(new Waiter(count, slots));
        return slots;
      }
      return CompletableFuture.completedFuture(next(count));
    }
  }

  private List<Integer> next(int count) {
    List<Integer> slots = new ArrayList<>();
    while (slots.size() < count && !free.isEmpty()) {
      slots.add(free.remove());
    }
    return slots;
  }

  /** Gives slots back, to whoever waits for some. */
  void give(List<Integer> slots) {
    List<Runnable> told = new ArrayList<>();
    synchronized (this) {
      free.addAll(slots);
      while (!free.isEmpty() && !waiters.isEmpty()) {
        Waiter waiter = waiters.remove();
        List<Integer> own = next(waiter.count());
        told.add(() -> waiter.slots().complete(own));
      }
    }
    told.forEach(Runnable::run);
  }

  /** {@return when a wait ends at the latest, if it may take so long} */
  static long deadline(Deadlines deadlines, long nanos) {
    long now = deadlines.nanoTime();
    return nanos > Long.MAX_VALUE - Math.max(0, now) ? Deadlines.NEVER : now + nanos;
  }
}
