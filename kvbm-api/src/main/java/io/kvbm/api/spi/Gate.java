package io.kvbm.api.spi;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.util.function.Supplier;

/**
 * Lets operations in until it is closed, and waits for those inside. Threading: safe from any
 * thread.
 */
@Stability(Stability.Level.INTERNAL)
public final class Gate {

  private final String what;
  private int inside;
  private boolean closed;

  /**
   * Creates an open gate.
   *
   * @param what what lies behind it, for the message of a refusal
   */
  public Gate(String what) {
    this.what = what;
  }

  /**
   * Lets one operation in; it must {@link #leave}.
   *
   * @throws ClosedException if the gate is closed
   */
  public synchronized void enter() {
    requireOpen();
    inside++;
  }

  /** Lets one operation out that {@link #enter} let in. */
  public synchronized void leave() {
    inside--;
    if (closed) {
      notifyAll();
    }
  }

  /**
   * {@return what an operation inside gives}
   *
   * @param operation the operation
   * @param <T> what it gives
   * @throws ClosedException if the gate is closed
   */
  public <T> T inside(Supplier<T> operation) {
    enter();
    try {
      return operation.get();
    } finally {
      leave();
    }
  }

  /**
   * For long operations inside, so that closing does not wait for their end.
   *
   * @throws ClosedException if the gate is closed
   */
  public synchronized void requireOpen() {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, what + " is closed; open it again");
    }
  }

  /**
   * Refuses from now on and waits for those inside.
   *
   * @return whether this call was the first
   */
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
