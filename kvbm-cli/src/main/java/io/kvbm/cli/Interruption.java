package io.kvbm.cli;

import io.kvbm.cli.console.Console;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ends a run cleanly when the user (Ctrl-C) or the system ends the process: the command is
 * interrupted and given a moment to release what it holds, and nothing more is printed.
 */
final class Interruption {

  private static final long PATIENCE_SECONDS = 5;

  private final CountDownLatch finished = new CountDownLatch(1);

  private Interruption() {}

  /**
   * Watches for the end of the process.
   *
   * @param worker runs the command
   * @param console goes silent
   */
  static Interruption watch(Thread worker, Console console) {
    Interruption interruption = new Interruption();
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> interruption.end(worker, console), "kvbm-interruption"));
    return interruption;
  }

  /** The command is through: there is nothing to interrupt any more. */
  void finished() {
    finished.countDown();
  }

  private void end(Thread worker, Console console) {
    if (finished.getCount() == 0) {
      return;
    }
    console.silence();
    worker.interrupt();
    try {
      finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
