package io.kvbm.core.races;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.AbstractQueuedSynchronizer;
import java.util.concurrent.locks.LockSupport;

/**
 * Stops one thread, the first that comes by after {@link #arm}, until the test lets it go on. Waits
 * are bounded, so that a mistake fails a test instead of holding it up.
 */
final class Pause {

  private static final long PATIENCE_SECONDS = 30;

  private final AtomicBoolean armed = new AtomicBoolean();
  private final CountDownLatch reached = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);

  /** The next thread that comes by stops. */
  void arm() {
    armed.set(true);
  }

  /** The place where a thread may be stopped. */
  void passBy() {
    if (armed.compareAndSet(true, false)) {
      reached.countDown();
      await(released);
    }
  }

  /** Waits until a thread has stopped. */
  void awaitReached() {
    await(reached);
  }

  /** Lets the thread go on. */
  void release() {
    released.countDown();
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError("nobody came by for %d s".formatted(PATIENCE_SECONDS));
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Waits until a thread is parked for a lock or has ended; true if it is parked. */
  static boolean awaitParked(Thread thread) {
    while (!(LockSupport.getBlocker(thread) instanceof AbstractQueuedSynchronizer)) {
      if (!thread.isAlive()) {
        return false;
      }
      Thread.onSpinWait();
    }
    return true;
  }
}
