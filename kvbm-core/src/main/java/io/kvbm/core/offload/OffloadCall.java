package io.kvbm.core.offload;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** One call and what became of its blocks. */
final class OffloadCall implements OffloadHandle {

  private static final System.Logger LOG = System.getLogger(OffloadCall.class.getName());

  private final OffloadQueue queue;
  private final Executor executor;

  /** Where each block is queued or in flight; with the results under the lock of the queue. */
  private final @Nullable QueueEntry[] entries;

  private final @Nullable OffloadResult[] results;
  private final CountDownLatch completed = new CountDownLatch(1);
  private volatile int done;
  private @Nullable List<OffloadResult> result;
  private @Nullable CompletableFuture<List<OffloadResult>> future;

  OffloadCall(OffloadQueue queue, int blockCount, Executor executor) {
    this.queue = queue;
    this.executor = executor;
    this.entries = new QueueEntry[blockCount];
    this.results = new OffloadResult[blockCount];
  }

  /** Under the lock of the queue. */
  void place(int index, QueueEntry entry) {
    entries[index] = entry;
  }

  /** {@return where a block is, or null if it is neither queued nor in flight} Under the lock. */
  @Nullable QueueEntry entry(int index) {
    return entries[index];
  }

  /**
   * Says what became of a block; each comes once. Under the lock of the queue.
   *
   * @return whether it was the last one: {@link #complete} is due, without the lock
   */
  @SuppressWarnings("NonAtomicVolatileUpdate") // the lock is held; volatile is for doneCount()
  boolean settle(int index, OffloadResult outcome) {
    entries[index] = null;
    results[index] = outcome;
    done++;
    return done == results.length;
  }

  /** Tells whoever waits. Once, after the last block was settled. */
  void complete() {
    List<OffloadResult> all = List.of(results);
    CompletableFuture<List<OffloadResult>> waiting;
    synchronized (this) {
      result = all;
      waiting = future;
    }
    completed.countDown();
    if (waiting != null) {
      try {
        executor.execute(() -> waiting.complete(all));
      } catch (RuntimeException | Error e) {
        // The executor ended before us: a continuation here beats one lost.
        LOG.log(System.Logger.Level.DEBUG, "an executor refused a continuation", e);
        waiting.complete(all);
      }
    }
  }

  @Override
  public int blockCount() {
    return results.length;
  }

  @Override
  public int doneCount() {
    return done;
  }

  @Override
  public synchronized CompletionStage<List<OffloadResult>> results() {
    if (future == null) {
      future =
          result == null ? new CompletableFuture<>() : CompletableFuture.completedFuture(result);
    }
    return future.minimalCompletionStage();
  }

  @Override
  public List<OffloadResult> await() {
    boolean interrupted = false;
    while (true) {
      try {
        completed.await();
        break;
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return List.of(results);
  }

  @Override
  public boolean cancel() {
    return queue.cancel(this);
  }
}
