package io.kvbm.core.event;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One subscriber of a {@link RouterEventLog} and how far it has read. Threading: safe from any
 * thread.
 */
public final class RouterSubscription implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(RouterSubscription.class.getName());
  private static final int READ_LIMIT = 64;

  private final RouterEventLog log;
  private final RouterEventSink sink;
  private final WakeLoop loop;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Number of the event to be read next; used by the one round under way only. */
  private long cursor;

  private volatile long gapCount;

  RouterSubscription(RouterEventLog log, RouterEventSink sink, Executor executor, long from) {
    this.log = log;
    this.sink = sink;
    loop = new WakeLoop(executor, this::deliverAll);
    cursor = from;
  }

  /** {@return how often the subscriber was told of a gap} */
  public long gapCount() {
    return gapCount;
  }

  /** Ends the subscription; an event that is being handed over is the last. Idempotent. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      log.unsubscribe(this);
    }
  }

  /** Lets the executor hand over what is there, unless it is about to. */
  void wake() {
    try {
      loop.wake();
    } catch (RejectedExecutionException e) {
      LOG.log(System.Logger.Level.WARNING, "router subscriber ended: its executor is shut down", e);
      close();
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // only the one round under way writes it
  private void deliverAll() {
    while (!closed.get()) {
      switch (log.replay(cursor, READ_LIMIT)) {
        case Replay.Gap gap -> {
          gapCount++;
          cursor = gap.oldest();
          guard(() -> sink.lost(gap));
        }
        case Replay.Events read -> {
          if (read.events().isEmpty()) {
            return;
          }
          deliver(read);
        }
      }
    }
  }

  private void deliver(Replay.Events read) {
    for (RouterEvent event : read.events()) {
      if (closed.get()) {
        return;
      }
      cursor = event.sequence() + 1;
      guard(() -> sink.publish(event));
    }
  }

  private static void guard(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "a router subscriber failed", e);
    }
  }
}
