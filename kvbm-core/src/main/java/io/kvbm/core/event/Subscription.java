package io.kvbm.core.event;

import io.kvbm.api.event.BlockEvent;
import io.kvbm.api.event.EventSink;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One subscriber of an {@link EventHub} and how far it has read. Threading: safe from any thread.
 */
public final class Subscription implements AutoCloseable {

  /** What is read at once, and how many events before it are gone. */
  record Delivery(long lost, List<BlockEvent> events) {}

  private static final System.Logger LOG = System.getLogger(Subscription.class.getName());
  private static final int READ_LIMIT = 64;

  private final EventHub hub;
  private final EventSink sink;
  private final WakeLoop loop;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Number of the event to be read next; used by the one round under way only. */
  private long cursor;

  private volatile long lostCount;

  Subscription(EventHub hub, EventSink sink, Executor executor, long cursor) {
    this.hub = hub;
    this.sink = sink;
    loop = new WakeLoop(executor, this::deliverAll);
    this.cursor = cursor;
  }

  /** {@return how many events are gone for this subscriber because it read too slowly} */
  public long lostCount() {
    return lostCount;
  }

  /** Ends the subscription; an event that is being handed over is the last. Idempotent. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      hub.unsubscribe(this);
    }
  }

  /** Lets the executor hand over what is there, unless it is about to. */
  void wake() {
    try {
      loop.wake();
    } catch (RejectedExecutionException e) {
      LOG.log(System.Logger.Level.WARNING, "event subscriber ended: its executor is shut down", e);
      close();
    }
  }

  private void deliverAll() {
    Delivery delivery = hub.read(cursor, READ_LIMIT);
    while (delivery != null && !closed.get()) {
      deliver(delivery);
      delivery = hub.read(cursor, READ_LIMIT);
    }
  }

  private void deliver(Delivery delivery) {
    if (delivery.lost > 0) {
      reportLoss(delivery.lost);
    }
    for (BlockEvent event : delivery.events) {
      cursor = event.sequence() + 1;
      if (closed.get()) {
        return;
      }
      guard(() -> sink.publish(event));
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // only the one round under way writes it
  private void reportLoss(long count) {
    long first = cursor;
    lostCount += count;
    cursor += count;
    if (sink instanceof LossAwareEventSink lossAware) {
      guard(() -> lossAware.lost(first, count));
    }
  }

  private static void guard(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "an event subscriber failed", e);
    }
  }
}
