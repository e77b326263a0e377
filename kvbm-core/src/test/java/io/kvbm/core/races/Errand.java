package io.kvbm.core.races;

import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** A call on a thread of its own. */
final class Errand<T> {

  private final FutureTask<T> task;
  private final Thread thread;

  private Errand(Callable<T> call) {
    task = new FutureTask<>(call);
    thread = Thread.ofPlatform().daemon().start(task);
  }

  static <T> Errand<T> start(Callable<T> call) {
    return new Errand<>(call);
  }

  static Errand<Void> run(Runnable action) {
    return start(
        () -> {
          action.run();
          return null;
        });
  }

  /** Waits until the call cannot go on by itself. */
  void awaitParked() {
    if (!Pause.awaitParked(thread)) {
      throw new AssertionError("the call came to its end");
    }
  }

  /** {@return what the call gave, after waiting for it} */
  T result() throws Exception {
    return task.get(30, TimeUnit.SECONDS);
  }
}
