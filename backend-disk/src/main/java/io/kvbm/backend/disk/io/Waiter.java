package io.kvbm.backend.disk.io;

import io.kvbm.api.KvbmException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Waits for the requests of one batch. */
final class Waiter {

  private int open;
  private @Nullable KvbmException failure;

  private Waiter(int open) {
    this.open = open;
  }

  static void run(IoEngine engine, List<IoRequest> batch) {
    if (batch.isEmpty()) {
      return;
    }
    Waiter waiter = new Waiter(batch.size());
    List<IoRequest> watched = new ArrayList<>(batch.size());
    for (IoRequest request : batch) {
      watched.add(
          new IoRequest(
              request.kind(),
              request.file(),
              request.position(),
              request.memory(),
              request.deadlineNanos(),
              waiter.watch(request)));
    }
    engine.submit(watched);
    waiter.await();
  }

  private IoCallback watch(IoRequest original) {
    return new IoCallback() {
      @Override
      public void completed(IoRequest request, @Nullable KvbmException cause) {
        try {
          original.callback().completed(original, cause);
        } finally {
          failed(cause);
        }
      }

      @Override
      public void released(IoRequest request) {
        try {
          original.callback().released(original);
        } finally {
          ended();
        }
      }
    };
  }

  private synchronized void failed(@Nullable KvbmException cause) {
    if (failure == null) {
      failure = cause;
    }
  }

  private synchronized void ended() {
    open--;
    notifyAll();
  }

  private synchronized void await() {
    boolean interrupted = false;
    while (open > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (failure != null) {
      throw failure;
    }
  }
}
