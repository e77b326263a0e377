package io.kvbm.core.event;

import io.kvbm.api.event.BlockEvent;
import io.kvbm.api.event.EventSink;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

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
  private final Executor executor;

  /**
   * How often the subscriber was woken since it last had read everything; above 0 a task is under
   * way.
   */
  private final AtomicInteger wakeUps = new AtomicInteger();

  private final AtomicBoolean closed = new AtomicBoolean();

  /** Number of the event to be read next; used by the one task under way only. */
  private long cursor;

  private volatile long lostCount;

  Subscription(EventHub hub, EventSink sink, Executor executor, long cursor) {
    this.hub = hub;
    this.sink = sink;
    this.executor = executor;
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
    if (wakeUps.getAndIncrement() != 0) {
      return;
    }
    try {
      executor.execute(this::deliverAll);
    } catch (RejectedExecutionException e) {
      LOG.log(System.Logger.Level.WARNING, "event subscriber ended: its executor is shut down", e);
      close();
    }
  }

  private void deliverAll() {
    int seen = wakeUps.get();
    do {
      Delivery delivery = hub.read(cursor, READ_LIMIT);
      while (delivery != null && !closed.get()) {
        deliver(delivery);
        delivery = hub.read(cursor, READ_LIMIT);
      }
      seen = wakeUps.addAndGet(-seen);
    } while (seen != 0);
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

  @SuppressWarnings("NonAtomicVolatileUpdate") // only the one task under way writes it
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
