package io.kvbm.core.pool;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Runs the asynchronous twins of a pool's calls and ends those still pending when the pool is shut
 * down.
 *
 * <p>A call whose stage was ended by the shutdown may still run to its end; what it took is given
 * back.
 */
@SuppressWarnings("CollectionUndefinedEquality") // each future is meant, whatever it holds
final class PendingCalls {

  private final String owner;
  private final Executor executor;
  private final Set<CompletableFuture<?>> pending = ConcurrentHashMap.newKeySet();
  private volatile boolean shutDown;

  PendingCalls(String owner, Executor executor) {
    this.owner = owner;
    this.executor = executor;
  }

  /**
   * Runs a call on the executor.
   *
   * @param call what to run
   * @param giveBack undoes the call's result where nobody receives it
   */
  <T> CompletionStage<T> submit(Supplier<T> call, Consumer<T> giveBack) {
    CompletableFuture<T> future = new CompletableFuture<>();
    if (shutDown) {
      future.completeExceptionally(shutdownError());
      return future;
    }
    pending.add(future);
    try {
      executor.execute(() -> run(future, call, giveBack));
    } catch (RejectedExecutionException e) {
      pending.remove(future);
      future.completeExceptionally(shutdownError());
    }
    if (shutDown) {
      endAll();
    }
    return future.minimalCompletionStage();
  }

  private <T> void run(CompletableFuture<T> future, Supplier<T> call, Consumer<T> giveBack) {
    try {
      if (future.isDone()) {
        return;
      }
      T result = call.get();
      if (!future.complete(result)) {
        giveBack.accept(result);
      }
    } catch (RuntimeException | Error e) {
      future.completeExceptionally(e);
    } finally {
      pending.remove(future);
    }
  }

  void shutDown() {
    shutDown = true;
    endAll();
  }

  void requireRunning() {
    if (shutDown) {
      throw shutdownError();
    }
  }

  @SuppressWarnings("ModifyCollectionInEnhancedForLoop") // the set is concurrent
  private void endAll() {
    for (CompletableFuture<?> future : pending) {
      future.completeExceptionally(shutdownError());
      pending.remove(future);
    }
  }

  private ClosedException shutdownError() {
    return new ClosedException(
        ErrorCode.PROGRESS_ENGINE_SHUTDOWN, owner + " was closed or cancelled; make a new one");
  }
}
