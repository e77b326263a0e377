package io.kvbm.backend.disk.file;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;

/**
 * Lets operations in until it is closed, and waits for those inside. Threading: safe from any
 * thread.
 */
public final class Gate {

  private final String what;
  private int inside;
  private boolean closed;

  /** Creates an open gate to what the message of a refusal names. */
  public Gate(String what) {
    this.what = what;
  }

  /** Lets one operation in; it must {@link #leave}. */
  public synchronized void enter() {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, what + " is closed; open it again");
    }
    inside++;
  }

  /** Lets one operation out that {@link #enter} let in. */
  public synchronized void leave() {
    inside--;
    if (closed) {
      notifyAll();
    }
  }

  /** Refuses from now on and waits for those inside. Returns whether this call was the first. */
  public synchronized boolean close() {
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
