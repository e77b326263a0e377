package io.kvbm.core.transfer;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.transfer.BlockOutcome;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The queue of one route and what is in flight along it. The end of a batch starts the next, on the
 * thread that ended it; there is no thread of its own. Threading: safe from any thread.
 */
final class Lane {

  private static final System.Logger LOG = System.getLogger(Lane.class.getName());

  private final String name;
  private final TransferLimits limits;
  private final Clock clock;
  private final MetricsSink.Counter bytes;
  private final MetricsSink.Counter blocks;
  private final MetricsSink.Counter failures;
  private final MetricsSink.Counter cancellations;
  private final MetricsSink.Histogram batchNanos;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private final Condition idle = lock.newCondition();
  private final PriorityQueue<Batch> queue = new PriorityQueue<>(Batch.ORDER);
  private final Deque<Transfer> waiting = new ArrayDeque<>();
  private final AtomicLong sequence = new AtomicLong();
  private volatile int queuedBlocks;
  private int batchesInFlight;
  private long bytesInFlight;
  private boolean closed;

  Lane(String name, TransferLimits limits, Clock clock, MetricsSink metrics) {
    this.name = name;
    this.limits = limits;
    this.clock = clock;
    bytes = metrics.counter("kvbm.transfer.bytes", "route", name);
    blocks = metrics.counter("kvbm.transfer.blocks", "route", name);
    failures = metrics.counter("kvbm.transfer.failures", "route", name);
    cancellations = metrics.counter("kvbm.transfer.cancellations", "route", name);
    batchNanos = metrics.histogram("kvbm.transfer.batch.nanos", "route", name);
    metrics.gauge("kvbm.transfer.queue.depth", () -> queuedBlocks, "route", name);
  }

  String name() {
    return name;
  }

  /**
   * Queues a transfer and starts what may start, once there is room for all of it.
   *
   * @param waits whether to wait for room
   * @return false if there is no room and nobody wanted to wait; nothing was queued then
   * @throws ClosedException if the engine is closed, also while waiting
   */
  boolean enqueue(Transfer transfer, boolean waits) {
    List<Batch> batches = split(transfer);
    boolean stopped;
    lock.lock();
    try {
      if (!hasRoom(transfer)) {
        if (!waits && !closed) {
          return false;
        }
        awaitRoom(transfer);
      }
      if (closed) {
        throw closed();
      }
      stopped = transfer.stopOutcome() != null;
      if (!stopped) {
        queue.addAll(batches);
        addQueued(transfer.blockCount());
      }
    } finally {
      lock.unlock();
    }
    if (stopped) {
      batches.forEach(this::commitStopped);
    }
    pump();
    return true;
  }

  static ClosedException closed() {
    return new ClosedException(
        ErrorCode.PROGRESS_ENGINE_SHUTDOWN,
        "the transfer engine is closed and takes no more transfers");
  }

  private boolean hasRoom(Transfer transfer) {
    Transfer first = waiting.peek();
    return (first == null || first == transfer)
        && (queuedBlocks == 0 || queuedBlocks + transfer.blockCount() <= limits.maxQueuedBlocks());
  }

  /** Waits in order of arrival, so that a large transfer is not passed by small ones for ever. */
  private void awaitRoom(Transfer transfer) {
    waiting.add(transfer);
    while (!closed && transfer.stopOutcome() == null && !hasRoom(transfer)) {
      room.awaitUninterruptibly();
    }
    waiting.remove(transfer);
    room.signalAll();
  }

  private List<Batch> split(Transfer transfer) {
    List<BlockMove> moves = transfer.moves();
    List<Batch> batches = new ArrayList<>(1);
    int from = 0;
    while (from < moves.size()) {
      int to = from;
      long byteSize = 0;
      do {
        byteSize += transfer.plan().byteSize(moves.get(to++));
      } while (to < moves.size()
          && to - from < limits.maxBatchBlocks()
          && byteSize + transfer.plan().byteSize(moves.get(to)) <= limits.maxBytesInFlight());
      batches.add(new Batch(transfer, from, to, byteSize, sequence.getAndIncrement()));
      from = to;
    }
    return batches;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // the lock is held; volatile is for the gauge
  private void addQueued(int count) {
    queuedBlocks = queuedBlocks + count;
    if (count < 0) {
      room.signalAll();
    }
  }

  /**
   * Starts batches until the queue is empty or enough is in flight. Batches that end at once do not
   * nest.
   */
  private void pump() {
    for (Batch batch = take(); batch != null; batch = take()) {
      run(batch);
    }
  }

  private @Nullable Batch take() {
    lock.lock();
    try {
      Batch batch = queue.peek();
      if (batch == null
          || batchesInFlight >= limits.maxBatchesInFlight()
          || batchesInFlight > 0 && bytesInFlight + batch.byteSize() > limits.maxBytesInFlight()) {
        return null;
      }
      queue.remove();
      addQueued(-batch.blockCount());
      batchesInFlight++;
      bytesInFlight += batch.byteSize();
      return batch;
    } finally {
      lock.unlock();
    }
  }

  private void run(Batch batch) {
    long startedNanos = clock.nanoTime();
    Transfer transfer = batch.transfer();
    if (transfer.isOverdue(startedNanos)) {
      transfer.expire();
    }
    if (transfer.stopOutcome() != null) {
      commitStopped(batch);
      leave(batch);
      return;
    }
    if (batch.start(
        () -> {
          finish(batch, startedNanos);
          pump();
        })) {
      finish(batch, startedNanos);
    }
  }

  private void finish(Batch batch, long startedNanos) {
    measure(() -> batchNanos.record(clock.nanoTime() - startedNanos));
    measure(() -> count(batch.outcomes()));
    batch.commit();
    leave(batch);
  }

  /** A meter that throws must not keep a transfer from ending. */
  private static void measure(Runnable measurement) {
    try {
      measurement.run();
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "a meter of transfers failed", e);
    }
  }

  /** Gives the blocks of a batch that never started what their transfer was stopped with. */
  private void commitStopped(Batch batch) {
    batch.stop();
    measure(() -> count(batch.outcomes()));
    batch.commit();
  }

  private void count(BlockOutcome[] outcomes) {
    long moved = 0;
    int done = 0;
    int failed = 0;
    for (BlockOutcome outcome : outcomes) {
      switch (outcome) {
        case BlockOutcome.Done(long byteSize) -> {
          moved += byteSize;
          done++;
        }
        case BlockOutcome.Failed _ -> failed++;
        case BlockOutcome.Cancelled _ -> {}
      }
    }
    bytes.add(moved);
    blocks.add(done);
    failures.add(failed);
    cancellations.add(outcomes.length - done - failed);
  }

  private void leave(Batch batch) {
    lock.lock();
    try {
      batchesInFlight--;
      bytesInFlight -= batch.byteSize();
      if (batchesInFlight == 0) {
        idle.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Takes what is left of a stopped transfer out of the queue and gives it its outcome. */
  void withdraw(Transfer transfer) {
    List<Batch> withdrawn = new ArrayList<>();
    lock.lock();
    try {
      queue.removeIf(batch -> batch.transfer() == transfer && withdrawn.add(batch));
      withdrawn.forEach(batch -> addQueued(-batch.blockCount()));
      room.signalAll();
    } finally {
      lock.unlock();
    }
    withdrawn.forEach(this::commitStopped);
  }

  /** Refuses new transfers and cancels what is queued. */
  void close() {
    Set<Transfer> queued = new LinkedHashSet<>();
    lock.lock();
    try {
      closed = true;
      queue.forEach(batch -> queued.add(batch.transfer()));
      room.signalAll();
    } finally {
      lock.unlock();
    }
    queued.forEach(Transfer::cancel);
  }

  /** Waits until nothing is in flight. */
  void awaitIdle() {
    lock.lock();
    try {
      while (batchesInFlight > 0) {
        idle.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }
}
