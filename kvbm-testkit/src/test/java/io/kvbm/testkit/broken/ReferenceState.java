package io.kvbm.testkit.broken;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;

/** Whether the reference backend is open, and how many transfers it has in flight. */
class ReferenceState {

  private boolean closed;
  private int inFlight;

  final synchronized void requireOpen() {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, "the reference backend is closed");
    }
  }

  /** {@return whether the backend is open; then the transfer is in flight until it leaves} */
  final synchronized boolean tryEnter() {
    inFlight += closed ? 0 : 1;
    return !closed;
  }

  final synchronized void leave() {
    inFlight--;
    notifyAll();
  }

  /** Refuses new work and waits for what is in flight. */
  synchronized void close() {
    closed = true;
    awaitIdle();
  }

  final synchronized void refuse() {
    closed = true;
  }

  private void awaitIdle() {
    try {
      while (inFlight > 0) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
