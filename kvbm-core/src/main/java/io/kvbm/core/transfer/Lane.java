package io.kvbm.core.transfer;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.core.time.Cancellable;
import io.kvbm.core.time.Deadlines;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
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
  private final Deadlines deadlines;
  private final Executor executor;
  private final MetricsSink.Counter bytes;
  private final MetricsSink.Counter blocks;
  private final MetricsSink.Counter failures;
  private final MetricsSink.Counter cancellations;
  private final MetricsSink.Counter stalls;
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

  /** Started and not drained, stalled ones included. */
  private final Set<Batch> running = new LinkedHashSet<>();

  /** Stalled batches that others run in place of. */
  private int batchesWrittenOff;

  /** Stalled batches in flight that nothing may be started in place of. */
  private int batchesStuck;

  private long stalledBlocks;
  private boolean closed;

  Lane(String name, TransferLimits limits, TransferEnvironment environment) {
    this.name = name;
    this.limits = limits;
    this.clock = environment.clock();
    this.deadlines = environment.deadlines();
    this.executor = environment.executor();
    MetricsSink metrics = environment.metrics();
    bytes = metrics.counter("kvbm.transfer.bytes", "route", name);
    blocks = metrics.counter("kvbm.transfer.blocks", "route", name);
    failures = metrics.counter("kvbm.transfer.failures", "route", name);
    cancellations = metrics.counter("kvbm.transfer.cancellations", "route", name);
    stalls = metrics.counter("kvbm.transfer.stalls", "route", name);
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
    goOn();
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
      running.add(batch);
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
    } else {
      watch(batch);
    }
  }

  private void watch(Batch batch) {
    if (limits.stallNanos() == 0) {
      return;
    }
    Cancellable alarm;
    try {
      alarm = deadlines.scheduleAfter(limits.stallNanos(), () -> stalled(batch));
    } catch (ClosedException e) {
      // It is in flight and must not look unstarted; closing waits for it for a bounded time.
      LOG.log(System.Logger.Level.DEBUG, "a batch is in flight that nobody watches", e);
      return;
    }
    lock.lock();
    try {
      if (!batch.hasEnded) {
        batch.stallAlarm = alarm;
        return;
      }
    } finally {
      lock.unlock();
    }
    alarm.cancel();
  }

  /**
   * A batch has taken too long: another may run in its place, as long as those are not too many.
   */
  private void stalled(Batch batch) {
    int silent = batch.silentBlocks();
    boolean first;
    lock.lock();
    try {
      if (batch.hasEnded || batch.isStalled) {
        return;
      }
      first = batchesWrittenOff + batchesStuck == 0;
      batch.isStalled = true;
      stalledBlocks += silent;
      if (batchesWrittenOff < limits.maxStalledBatches()) {
        writeOff(batch);
      } else {
        batchesStuck++;
      }
    } finally {
      lock.unlock();
    }
    LOG.log(
        first ? System.Logger.Level.WARNING : System.Logger.Level.DEBUG,
        "{0} blocks along {1} have not moved for {2} ms; what they use stays taken until they do",
        silent,
        name,
        limits.stallNanos() / 1_000_000);
    measure(() -> stalls.add(silent));
    try {
      executor.execute(this::goOn); // the thread of the deadlines copies nothing
    } catch (RejectedExecutionException _) {
      goOn();
    }
  }

  private void goOn() {
    pump();
    refuseIfStuck();
  }

  private void writeOff(Batch batch) {
    batch.isWrittenOff = true;
    batchesWrittenOff++;
    batchesInFlight--;
    bytesInFlight -= batch.byteSize();
  }

  /** Where nothing but stalled batches is in flight and no other may start, nobody waits. */
  private void refuseIfStuck() {
    Set<Transfer> queued = new LinkedHashSet<>();
    lock.lock();
    try {
      if (isStuck()) {
        queue.forEach(batch -> queued.add(batch.transfer()));
      }
    } finally {
      lock.unlock();
    }
    queued.forEach(Transfer::refuse);
  }

  private boolean isStuck() {
    Batch next = queue.peek();
    return batchesStuck > 0
        && batchesStuck == batchesInFlight
        && (batchesInFlight >= limits.maxBatchesInFlight()
            || next != null && bytesInFlight + next.byteSize() > limits.maxBytesInFlight());
  }

  /** {@return blocks that stalled since the start} */
  long stalledBlocks() {
    lock.lock();
    try {
      return stalledBlocks;
    } finally {
      lock.unlock();
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
      batch.hasEnded = true;
      running.remove(batch);
      if (batch.isWrittenOff) {
        batchesWrittenOff--;
        running.stream()
            .filter(other -> other.isStalled && !other.isWrittenOff)
            .findFirst()
            .ifPresent(
                stuck -> {
                  batchesStuck--;
                  writeOff(stuck);
                });
      } else {
        batchesInFlight--;
        bytesInFlight -= batch.byteSize();
        batchesStuck -= batch.isStalled ? 1 : 0;
      }
      if (batch.stallAlarm != null) {
        batch.stallAlarm.cancel();
      }
      if (running.isEmpty()) {
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

  /**
   * Waits until nothing is in flight.
   *
   * @param nanos how long at most, of real time: what is in flight does not heed a simulated clock
   * @return how much of it is left
   */
  long awaitIdle(long nanos) {
    long left = nanos;
    boolean interrupted = false;
    lock.lock();
    try {
      while (!running.isEmpty() && left > 0) {
        try {
          left = idle.awaitNanos(left);
        } catch (InterruptedException _) {
          interrupted = true;
        }
      }
    } finally {
      lock.unlock();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return Math.max(0, left);
  }

  /** Tells those who wait for what is in flight to do so no longer; {@return how many there are} */
  int leaveBehind() {
    Set<Transfer> left = new LinkedHashSet<>();
    lock.lock();
    try {
      running.forEach(batch -> left.add(batch.transfer()));
    } finally {
      lock.unlock();
    }
    left.forEach(Transfer::leaveBehind);
    return left.size();
  }
}
