package io.kvbm.backend.disk.object;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;

/**
 * Lets operations in until it is closed, and waits for those inside. Threading: safe from any
 * thread.
 */
final class Gate {

  private final String what;
  private int inside;
  private boolean closed;

  /** Creates an open gate to what the message of a refusal names. */
  Gate(String what) {
    this.what = what;
  }

  /** Lets one operation in; it must {@link #leave}. */
  synchronized void enter() {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, what + " is closed; open it again");
    }
    inside++;
  }

  synchronized void leave() {
    inside--;
    notifyAll();
  }

  /** Refuses from now on and waits for those inside. Returns whether this call was the first. */
  synchronized boolean close() {
    boolean first = !closed;
    closed = true;
    boolean interrupted = false;
    while (inside > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true; // memory in use cannot be freed, interrupted or not
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return first;
  }
}
