package io.kvbm.core.cache;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.store.ObjectStore;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Reads through: one load of a key at a time, whose end everybody waits for who missed the key.
 * Threading: safe from any thread.
 */
final class Loads {

  private final Fills fills;
  private final ObjectStore store;
  private final Executor executor;
  private final Map<String, CompletableFuture<OptionalLong>> running = new ConcurrentHashMap<>();

  Loads(Fills fills, ObjectStore store, Executor executor) {
    this.fills = fills;
    this.store = store;
    this.executor = executor;
  }

  CompletionStage<OptionalLong> load(String key) {
    CompletableFuture<OptionalLong> mine = new CompletableFuture<>();
    CompletableFuture<OptionalLong> other = running.putIfAbsent(key, mine);
    if (other != null) {
      return other.minimalCompletionStage();
    }
    try {
      executor.execute(() -> run(key, mine));
    } catch (RuntimeException | Error e) {
      running.remove(key, mine);
      mine.completeExceptionally(refused(key, e));
    }
    return mine.minimalCompletionStage();
  }

  /** What to tell of a value that the executor did not take. */
  static Throwable refused(String key, Throwable cause) {
    return cause instanceof RejectedExecutionException
        ? new ClosedException(
            ErrorCode.CLOSED,
            "value '" + key + "' was not brought: the executor takes no more work",
            cause)
        : cause;
  }

  private void run(String key, CompletableFuture<OptionalLong> mine) {
    OptionalLong pointer;
    try {
      pointer = load(key, () -> running.remove(key, mine));
    } catch (RuntimeException | Error e) {
      running.remove(key, mine);
      mine.completeExceptionally(e);
      return;
    }
    mine.complete(pointer);
  }

  private OptionalLong load(String key, Runnable settled) {
    while (true) {
      OptionalLong pointer = fills.tryLoad(key, store, settled);
      if (pointer != null) {
        return pointer;
      }
    }
  }
}
