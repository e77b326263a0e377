package io.kvbm.testkit.contract;

import io.kvbm.api.KvbmException;
import io.kvbm.api.transfer.TransferCompletion;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Holds a transfer at its first call, so that it stays in flight until it is released. */
final class HeldCompletion implements TransferCompletion {

  private final CountDownLatch reached = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);
  private final CountDownLatch drained = new CountDownLatch(1);
  private final Duration deadline;

  HeldCompletion(Duration deadline) {
    this.deadline = deadline;
  }

  /** Waits until the transfer is held. {@return whether it is} */
  boolean awaitHeld() throws InterruptedException {
    return reached.await(deadline.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Lets the transfer go on. */
  void release() {
    released.countDown();
  }

  boolean isDrained() {
    return drained.getCount() == 0;
  }

  @Override
  public void done(int block, long byteSize) {
    hold();
  }

  @Override
  public void failed(int block, KvbmException cause) {
    hold();
  }

  @Override
  public void cancelled(int block) {
    hold();
  }

  @Override
  public void drained() {
    hold();
    drained.countDown();
  }

  @Override
  public boolean isCancelled() {
    hold();
    return false;
  }

  private void hold() {
    reached.countDown();
    try {
      released.await(deadline.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
