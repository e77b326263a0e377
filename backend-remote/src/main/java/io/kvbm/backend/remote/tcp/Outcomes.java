package io.kvbm.backend.remote.tcp;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Tells outcomes one after the other on the platform's threads: what callers do then may take long,
 * and may wait for the data path whose thread found the outcome. Threading: safe from any thread.
 */
final class Outcomes {

  private final Executor threads;
  private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger count = new AtomicInteger();

  Outcomes(Executor threads) {
    this.threads = threads;
  }

  void tell(Runnable outcome) {
    waiting.add(outcome);
    if (count.getAndIncrement() == 0) {
      try {
        threads.execute(this::run);
      } catch (RejectedExecutionException _) {
        run(); // The platform is closing; an outcome must be told all the same.
      }
    }
  }

  private void run() {
    int seen = 1;
    do {
      for (Runnable next = waiting.poll(); next != null; next = waiting.poll()) {
        try {
          next.run();
        } catch (RuntimeException e) {
          System.getLogger(Outcomes.class.getName())
              .log(System.Logger.Level.ERROR, "a completion must not throw", e);
        }
      }
      seen = count.addAndGet(-seen);
    } while (seen != 0);
  }
}
