package io.kvbm.backend.disk.log;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Calls of the disk that no engine takes, on threads that are never interrupted: an interrupt of a
 * caller would close the file for everyone.
 */
final class Lane {

  private final Executor threads;

  /**
   * @param threads never interrupted; {@code Runnable::run} where the caller is none either
   */
  Lane(Executor threads) {
    this.threads = threads;
  }

  void start(Runnable work) {
    threads.execute(work);
  }

  /** Runs something and waits for it, also where the caller is interrupted. */
  <T> T call(Supplier<T> work) {
    CompletableFuture<T> done = new CompletableFuture<>();
    threads.execute(
        () -> {
          try {
            done.complete(work.get());
          } catch (Throwable e) { // told to the caller, whatever it is
            done.completeExceptionally(e);
          }
        });
    try {
      return done.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw e;
    }
  }

  void run(Runnable work) {
    call(
        () -> {
          work.run();
          return true;
        });
  }
}
