package io.kvbm.core.objects;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** Runs tasks on an executor, so many at once and no more. Threading: safe from any thread. */
final class BoundedWork {

  private final Executor executor;
  private final int limit;
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private int running;

  BoundedWork(Executor executor, int limit) {
    this.executor = executor;
    this.limit = limit;
  }

  /** Runs a task, which does not throw, soon; here where the executor takes no more. */
  void submit(Runnable task) {
    synchronized (this) {
      waiting.add(task);
      if (running == limit) {
        return;
      }
      running++;
    }
    try {
      executor.execute(this::work);
    } catch (RejectedExecutionException e) {
      work();
    }
  }

  private void work() {
    while (true) {
      Runnable task;
      synchronized (this) {
        task = waiting.poll();
        if (task == null) {
          running--;
          notifyAll();
          return;
        }
      }
      task.run();
    }
  }

  /** Waits until nothing runs or waits. */
  synchronized void drain() {
    boolean interrupted = false;
    while (running > 0 || !waiting.isEmpty()) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
