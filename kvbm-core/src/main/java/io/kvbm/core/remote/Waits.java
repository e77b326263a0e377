package io.kvbm.core.remote;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.core.time.Cancellable;
import io.kvbm.core.time.Deadlines;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Waits for answers until a deadline on the platform's time, or until whoever answers is lost.
 * Threading: safe from any thread; each waits for its own.
 */
final class Waits {

  private final Deadlines deadlines;
  private final Set<CompletableFuture<?>> running = ConcurrentHashMap.newKeySet();
  private volatile @Nullable KvbmException failure;

  Waits(Deadlines deadlines) {
    this.deadlines = deadlines;
  }

  /**
   * {@return what a stage completes with}
   *
   * @param deadlineNanos when to stop waiting
   * @param what is waited for, for messages
   * @param late given a value that comes when nobody waits any more
   */
  @SuppressWarnings("CollectionUndefinedEquality") // the future itself is meant
  <T> T await(CompletionStage<T> stage, long deadlineNanos, String what, Consumer<T> late) {
    CompletableFuture<T> own = new CompletableFuture<>();
    running.add(own);
    stage.whenComplete(
        (value, error) -> {
          if (error != null) {
            own.completeExceptionally(error);
          } else if (!own.complete(value)) {
            late.accept(value);
          }
        });
    KvbmException lost = failure;
    if (lost != null) {
      own.completeExceptionally(lost);
    }
    Cancellable alarm =
        deadlines.schedule(
            deadlineNanos,
            () ->
                own.completeExceptionally(
                    new TransientException(
                        ErrorCode.DEADLINE_EXCEEDED, what + " did not end by its deadline")));
    try {
      return own.join();
    } catch (CompletionException e) {
      throw known(e.getCause() == null ? e : e.getCause(), what);
    } finally {
      alarm.cancel();
      running.remove(own);
    }
  }

  /** Ends every wait, and those that begin from now on. */
  void fail(KvbmException cause) {
    failure = cause;
    running.forEach(one -> one.completeExceptionally(cause));
  }

  static KvbmException known(Throwable error, String what) {
    return error instanceof KvbmException known
        ? known
        : new BackendException(ErrorCode.OPERATION_FAILED, what + " failed: " + error, error);
  }
}
