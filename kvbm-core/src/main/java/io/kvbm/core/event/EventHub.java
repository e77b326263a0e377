package io.kvbm.core.event;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.event.BlockEvent;
import io.kvbm.api.event.EventSink;
import io.kvbm.core.time.Cancellable;
import io.kvbm.core.time.Deadlines;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A stream of block events, for who drives pools without a manager, which keeps a {@link
 * RouterEventLog}: it gathers blocks into events, numbers these from 0 without a gap and hands them
 * to subscribers.
 *
 * <p>An event is published when the next block belongs to another tier or is lost where the ones
 * before were gained, when the batch is full, or when its time is over. Each subscriber is served
 * on the executor at its own pace; the latest events are kept for it. One that falls behind further
 * loses the oldest: it sees the gap in the numbers, {@link Subscription#lostCount()} counts it, and
 * a {@link LossAwareEventSink} is told.
 *
 * <p>Threading: safe from any thread. {@link #stored}, {@link #removed} and {@link #cleared} call
 * no sink, so they may be called under a pool's lock, unless the executor runs its tasks on the
 * caller.
 */
public final class EventHub implements AutoCloseable {

  private final EventHubConfig config;
  private final Deadlines deadlines;
  private final Executor executor;
  private final EventRing ring;
  private final List<Subscription> subscriptions = new CopyOnWriteArrayList<>();

  /** Guards the ring, the batch and what belongs to it. */
  private final Object monitor = new Object();

  private @Nullable EventBatch batch;
  private @Nullable Cancellable timeout;
  private boolean closed;

  /**
   * Creates a stream.
   *
   * @param config how it works
   * @param deadlines tells when a batch's time is over; the caller closes it after this stream
   * @param executor runs the subscribers; the caller closes it
   */
  public EventHub(EventHubConfig config, Deadlines deadlines, Executor executor) {
    this.config = config;
    this.deadlines = deadlines;
    this.executor = executor;
    ring = new EventRing(config.retainedEvents());
  }

  /**
   * A tier gained a block it did not hold.
   *
   * @param tier the tier's storage kind
   * @param key the block
   * @param parent the block before it, or null
   * @param position its position in its sequence, from 0
   */
  public void stored(String tier, BlockKey key, @Nullable BlockKey parent, long position) {
    add(tier, true, key, parent, position);
  }

  /**
   * The last copy of a block left a tier.
   *
   * @param tier the tier's storage kind
   * @param key the block
   * @param position its position in its sequence, from 0
   */
  public void removed(String tier, BlockKey key, long position) {
    add(tier, false, key, null, position);
  }

  /**
   * All blocks left a tier at once.
   *
   * @param tier the tier's storage kind
   */
  public void cleared(String tier) {
    synchronized (monitor) {
      if (closed) {
        return;
      }
      publishBatch();
      ring.append(sequence -> new BlockEvent.Cleared(tier, sequence));
    }
    wakeSubscribers();
  }

  /** Publishes what is waiting for its batch to fill. */
  public void flush() {
    boolean published;
    synchronized (monitor) {
      published = publishBatch();
    }
    if (published) {
      wakeSubscribers();
    }
  }

  /**
   * Subscribes to what is published from now on.
   *
   * @param sink takes the events, one at a time; what it throws is logged
   * @return ends the subscription
   * @throws ClosedException if the stream is closed
   */
  public Subscription subscribe(EventSink sink) {
    synchronized (monitor) {
      return subscribeLocked(sink, ring.next());
    }
  }

  /**
   * Subscribes from an event on that was published before, as after a gap or a reconnect. Of the
   * events asked for, those not kept any more count as lost.
   *
   * @param sink takes the events, one at a time; what it throws is logged
   * @param sequence the number of the first event wanted, at most that of the next one
   * @return ends the subscription
   * @throws CallerException if the number is negative or after the next one
   * @throws ClosedException if the stream is closed
   */
  public Subscription subscribeFrom(EventSink sink, long sequence) {
    Subscription subscription;
    synchronized (monitor) {
      if (sequence < 0 || sequence > ring.next()) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT,
            "cannot subscribe from event %d: the next one is %d".formatted(sequence, ring.next()));
      }
      subscription = subscribeLocked(sink, sequence);
    }
    subscription.wake();
    return subscription;
  }

  /** {@return the number the next event will have} */
  public long nextSequence() {
    synchronized (monitor) {
      return ring.next();
    }
  }

  /**
   * Publishes what is waiting and takes no more; what is published still reaches the subscribers.
   * Idempotent.
   */
  @Override
  public void close() {
    synchronized (monitor) {
      publishBatch();
      closed = true;
    }
    wakeSubscribers();
  }

  /**
   * Returns what a subscriber at {@code cursor} reads next, or null where it has read everything.
   */
  Subscription.@Nullable Delivery read(long cursor, int limit) {
    synchronized (monitor) {
      if (cursor == ring.next()) {
        return null;
      }
      long from = Math.max(cursor, ring.oldest());
      return new Subscription.Delivery(from - cursor, ring.read(from, limit));
    }
  }

  void unsubscribe(Subscription subscription) {
    subscriptions.remove(subscription);
  }

  private void add(
      String tier, boolean stored, BlockKey key, @Nullable BlockKey parent, long position) {
    if (!config.filter().accepts(position)) {
      return;
    }
    boolean published = false;
    synchronized (monitor) {
      if (closed) {
        return;
      }
      EventBatch current = batch;
      if (current != null && !current.takes(tier, stored)) {
        published = publishBatch();
        current = null;
      }
      if (current == null) {
        current = openBatch(tier, stored);
      }
      current.add(key, parent, position);
      if (current.size() >= config.maxBatchSize()) {
        published = publishBatch();
      }
    }
    if (published) {
      wakeSubscribers();
    }
  }

  private EventBatch openBatch(String tier, boolean stored) {
    EventBatch opened = new EventBatch(tier, stored);
    batch = opened;
    timeout = deadlines.scheduleAfter(config.batchTimeoutNanos(), () -> timeOut(opened));
    return opened;
  }

  private void timeOut(EventBatch due) {
    synchronized (monitor) {
      if (batch != due) {
        return;
      }
      publishBatch();
    }
    wakeSubscribers();
  }

  /** Publishes the batch, if there is one, and returns whether there was. The monitor is held. */
  private boolean publishBatch() {
    EventBatch due = batch;
    if (due == null) {
      return false;
    }
    batch = null;
    if (timeout != null) {
      timeout.cancel();
      timeout = null;
    }
    due.drafts().forEach(ring::append);
    return true;
  }

  private Subscription subscribeLocked(EventSink sink, long cursor) {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, "the event stream is closed");
    }
    Subscription subscription = new Subscription(this, sink, executor, cursor);
    subscriptions.add(subscription);
    return subscription;
  }

  private void wakeSubscribers() {
    for (Subscription subscription : subscriptions) {
      subscription.wake();
    }
  }
}
