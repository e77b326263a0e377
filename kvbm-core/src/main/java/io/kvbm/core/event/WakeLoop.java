package io.kvbm.core.event;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs a task on an executor after each wake-up, never twice at a time; wake-ups that come while it
 * runs are answered by one more round. Threading: safe from any thread.
 */
final class WakeLoop {

  private final Executor executor;
  private final Runnable task;

  /** How often it was woken since the task last ended; above 0 a run is under way. */
  private final AtomicInteger wakeUps = new AtomicInteger();

  WakeLoop(Executor executor, Runnable task) {
    this.executor = executor;
    this.task = task;
  }

  /** Wakes the task; throws RejectedExecutionException where the executor is shut down. */
  void wake() throws RejectedExecutionException {
    if (wakeUps.getAndIncrement() == 0) {
      executor.execute(this::run);
    }
  }

  private void run() {
    int seen = wakeUps.get();
    do {
      task.run();
      seen = wakeUps.addAndGet(-seen);
    } while (seen != 0);
  }
}
