package io.kvbm.backend.remote.directory.etcd;

import io.etcd.jetcd.Watch;
import io.etcd.jetcd.watch.WatchResponse;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;

/**
 * Hands what a watch says to the directory's thread. Where that is too far behind, the watch ends
 * and everything is read anew: what waits has a bound.
 */
final class WatchFeed implements Watch.Listener {

  private static final int MAX_WAITING = 1024;

  private final Executor thread;
  private final BiConsumer<WatchFeed, WatchResponse> next;
  private final BiConsumer<WatchFeed, Throwable> failed;
  private final AtomicInteger waiting = new AtomicInteger();

  /** More came than could be followed. */
  static final class OverflowException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OverflowException() {
      super("changes come faster than they can be followed");
    }
  }

  WatchFeed(
      Executor thread,
      BiConsumer<WatchFeed, WatchResponse> next,
      BiConsumer<WatchFeed, Throwable> failed) {
    this.thread = thread;
    this.next = next;
    this.failed = failed;
  }

  @Override
  public void onNext(WatchResponse response) {
    int before = waiting.getAndIncrement();
    if (before == MAX_WAITING) {
      onError(new OverflowException());
    } else if (before < MAX_WAITING) {
      execute(
          () -> {
            waiting.decrementAndGet();
            next.accept(this, response);
          });
    }
  }

  @Override
  public void onError(Throwable failure) {
    execute(() -> failed.accept(this, failure));
  }

  @Override
  public void onCompleted() {
    onError(new IllegalStateException("the watch has ended"));
  }

  private void execute(Runnable work) {
    try {
      thread.execute(work);
    } catch (RejectedExecutionException e) {
      // the directory is closed
    }
  }
}
