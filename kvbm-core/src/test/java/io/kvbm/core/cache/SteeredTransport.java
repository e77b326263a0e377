package io.kvbm.core.cache;

import io.kvbm.api.KvbmException;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.Transport;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Another transport, which the test lets fail or wait. */
final class SteeredTransport implements Transport {

  /** What batches fail with, while there is something. */
  static final class Steering {
    volatile @Nullable KvbmException failure;
    volatile boolean holds;
    private final BlockingQueue<Runnable> held = new LinkedBlockingQueue<>();

    /** Takes the next batch that waits, which must come within seconds; running it moves it. */
    Runnable next() {
      try {
        Runnable batch = held.poll(20, TimeUnit.SECONDS);
        if (batch == null) {
          throw new AssertionError("no batch was submitted");
        }
        return batch;
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private final Transport transport;
  private final Steering steering;

  SteeredTransport(Transport transport, Steering steering) {
    this.transport = transport;
    this.steering = steering;
  }

  @Override
  public String name() {
    return transport.name();
  }

  @Override
  public boolean supports(Route route) {
    return transport.supports(route);
  }

  @Override
  public void submit(TransferBatch batch, TransferCompletion completion) {
    if (steering.holds) {
      steering.held.add(() -> move(batch, completion));
    } else {
      move(batch, completion);
    }
  }

  private void move(TransferBatch batch, TransferCompletion completion) {
    KvbmException failure = steering.failure;
    if (failure == null) {
      transport.submit(batch, completion);
      return;
    }
    for (int block = 0; block < batch.blockCount(); block++) {
      completion.failed(block, failure);
    }
    completion.drained();
  }
}
