package io.kvbm.backend.remote.s3;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import java.util.function.Supplier;

/** Lets calls in until it is closed, and waits for those inside. */
final class Gate {

  private final String what;
  private int inside;
  private boolean closed;

  Gate(String what) {
    this.what = what;
  }

  <T> T inside(Supplier<T> call) {
    synchronized (this) {
      if (closed) {
        throw new ClosedException(ErrorCode.CLOSED, what + " is closed; open it again");
      }
      inside++;
    }
    try {
      return call.get();
    } finally {
      synchronized (this) {
        inside--;
        notifyAll();
      }
    }
  }

  /** Refuses from now on and waits for calls inside, which end by their deadlines. */
  synchronized boolean close() {
    boolean first = !closed;
    closed = true;
    boolean interrupted = false;
    while (inside > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return first;
  }
}
