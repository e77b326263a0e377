package io.kvbm.core.offload;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.spi.Clock;
import io.kvbm.core.time.Cancellable;
import io.kvbm.core.time.Deadlines;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What is queued and in flight along one edge. A key is there once, whoever wants it. The end of a
 * batch starts the next; there is no thread of its own.
 *
 * <p>Threading: safe from any thread. One lock; nothing foreign is called under it.
 */
final class OffloadQueue {

  private static final System.Logger LOG = System.getLogger(OffloadQueue.class.getName());
  private static final OffloadResult CANCELLED = new OffloadResult.Cancelled();
  private static final OffloadResult FULL =
      new OffloadResult.Skipped(OffloadResult.Reason.QUEUE_FULL);

  private final OffloadEdge edge;
  private final OffloadLimits limits;
  private final Executor executor;
  private final Clock clock;
  private final Deadlines deadlines;

  /** Gets batches to copy; it does not throw, and each batch comes back to {@link #leave}. */
  private final Consumer<OffloadBatch> starter;

  private final long blockByteSize;
  private final int batchBlocks;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private final Condition idle = lock.newCondition();
  private final TreeSet<QueueEntry> queue = new TreeSet<>(QueueEntry.ORDER);

  /** What is queued or in flight. */
  private final Map<BlockKey, QueueEntry> pending = new HashMap<>();

  private final EdgeCounts counts = new EdgeCounts();
  private long sequence;
  private int joins;

  /** Started and not drained, without those that are written off. */
  private int batchesInFlight;

  /** Of those, batches that have stalled and that nothing may be started in place of. */
  private final Set<OffloadBatch> stuck = new LinkedHashSet<>();

  /** Blocks of stalled batches that others run in place of. */
  private long blocksWrittenOff;

  private boolean pumping;
  private boolean closed;
  private boolean abandoned;

  OffloadQueue(
      OffloadEdge edge,
      Executor executor,
      Clock clock,
      Deadlines deadlines,
      Function<OffloadQueue, Consumer<OffloadBatch>> starter) {
    this.edge = edge;
    this.limits = edge.limits();
    this.executor = executor;
    this.clock = clock;
    this.deadlines = deadlines;
    this.blockByteSize = edge.blockByteSize();
    this.batchBlocks =
        Math.clamp(limits.maxBytesInFlight() / blockByteSize, 1, limits.maxBatchBlocks());
    this.starter = starter.apply(this);
  }

  // ---- into the queue

  /**
   * Queues blocks that were asked for; waits for room as long as it may.
   *
   * @param refusals what became of a block already, or null
   */
  OffloadCall offload(
      List<Candidate> candidates, List<@Nullable OffloadResult> refusals, long waitNanos) {
    OffloadCall call = new OffloadCall(this, candidates.size(), executor);
    if (candidates.isEmpty()) {
      call.complete();
      return call;
    }
    Alarm alarm = new Alarm(room);
    try {
      int next = place(call, candidates, refusals, 0);
      if (next < candidates.size() && waitNanos > 0) {
        alarm.set(waitNanos);
        while (next < candidates.size() && awaitRoom(candidates.get(next), alarm)) {
          next = place(call, candidates, refusals, next);
        }
      }
      refuse(call, refusals, next);
    } finally {
      alarm.cancel();
    }
    return call;
  }

  /** Queues blocks that nobody asked for, as far as there is room. */
  void offer(List<Candidate> candidates, List<@Nullable OffloadResult> refusals) {
    refuse(null, refusals, place(null, candidates, refusals, 0));
  }

  /**
   * Queues blocks from {@code from} on and starts what may start, until no more come in; returns
   * the first for which there was no room.
   */
  private int place(
      @Nullable OffloadCall call,
      List<Candidate> candidates,
      List<@Nullable OffloadResult> refusals,
      int from) {
    int next = from;
    int before;
    do {
      before = next;
      next = fill(call, candidates, refusals, before);
      pump();
    } while (before < next && next < candidates.size());
    return next;
  }

  private int fill(
      @Nullable OffloadCall call,
      List<Candidate> candidates,
      List<@Nullable OffloadResult> refusals,
      int from) {
    boolean last = false;
    int next = from;
    lock.lock();
    try {
      OffloadResult stuckResult = isStuck() ? stuckResult() : null;
      for (; next < candidates.size(); next++) {
        OffloadResult refusal = closed ? CANCELLED : refusals.get(next);
        if (refusal == null) {
          refusal = stuckResult;
        }
        if (refusal != null) {
          last |= settleAtOnce(call, next, refusal);
        } else if (!tryPlace(candidates.get(next), call, next)) {
          break;
        }
      }
    } finally {
      lock.unlock();
    }
    completeIf(last, call);
    return next;
  }

  /** What is left finds no room; blocks that were refused get what they would have got. */
  private void refuse(
      @Nullable OffloadCall call, List<@Nullable OffloadResult> refusals, int from) {
    boolean last = false;
    lock.lock();
    try {
      for (int i = from; i < refusals.size(); i++) {
        OffloadResult refusal = refusals.get(i);
        last |= settleAtOnce(call, i, closed ? CANCELLED : refusal == null ? FULL : refusal);
      }
    } finally {
      lock.unlock();
    }
    completeIf(last, call);
  }

  private boolean settleAtOnce(@Nullable OffloadCall call, int index, OffloadResult result) {
    counts.submitted++;
    counts.count(result);
    return call != null && call.settle(index, result);
  }

  private static void completeIf(boolean last, @Nullable OffloadCall call) {
    if (last && call != null) {
      call.complete();
    }
  }

  /** Queues a block or joins those who want it already; false if there is no room. */
  private boolean tryPlace(Candidate candidate, @Nullable OffloadCall call, int index) {
    if (!hasRoom(candidate, call != null)) {
      return false;
    }
    QueueEntry entry = pending.get(candidate.key());
    boolean joined = entry != null;
    if (entry == null) {
      entry = new QueueEntry(candidate, sequence++, clock.nanoTime());
      pending.put(candidate.key(), entry);
      queue.add(entry);
    } else if (entry.state == QueueEntry.State.QUEUED) {
      queue.remove(entry);
      entry.refresh(candidate);
      queue.add(entry);
    }
    if (call == null) {
      entry.background = true;
    } else {
      entry.claims.add(new QueueEntry.Claim(call, index, joined));
      call.place(index, entry);
      joins += joined ? 1 : 0;
    }
    counts.submitted++;
    counts.joined += joined ? 1 : 0;
    return true;
  }

  private boolean hasRoom(Candidate candidate, boolean asked) {
    if (!pending.containsKey(candidate.key())) {
      return queue.size() < limits.maxQueuedBlocks();
    }
    return !asked || joins < limits.maxQueuedBlocks();
  }

  private boolean awaitRoom(Candidate candidate, Alarm alarm) {
    lock.lock();
    try {
      return alarm.await(() -> closed || hasRoom(candidate, true));
    } finally {
      lock.unlock();
    }
  }

  // ---- out of the queue

  /**
   * Starts batches until the queue is empty or enough is in flight. One thread at a time does, so
   * that batches which end at once do not nest.
   */
  void pump() {
    lock.lock();
    try {
      if (pumping) {
        return;
      }
      pumping = true;
    } finally {
      lock.unlock();
    }
    for (OffloadBatch batch = take(); batch != null; batch = take()) {
      watch(batch);
      starter.accept(batch);
    }
  }

  /** Takes the next batch out of the queue; null if none may start, and pumping has ended. */
  private @Nullable OffloadBatch take() {
    lock.lock();
    try {
      if (!mayStart()) {
        pumping = false;
        return null;
      }
      List<QueueEntry> picked = BatchPicker.pick(queue, batchBlocks);
      for (QueueEntry entry : picked) {
        queue.remove(entry);
        entry.state = QueueEntry.State.IN_FLIGHT;
      }
      batchesInFlight++;
      room.signalAll();
      return new OffloadBatch(picked);
    } finally {
      lock.unlock();
    }
  }

  private boolean mayStart() {
    int count = Math.min(queue.size(), batchBlocks);
    return count > 0
        && batchesInFlight < limits.maxBatchesInFlight()
        && (batchesInFlight == 0
            || bytesInFlight() + count * blockByteSize <= limits.maxBytesInFlight());
  }

  private int inFlight() {
    return pending.size() - queue.size();
  }

  private long bytesInFlight() {
    return inFlight() * blockByteSize;
  }

  /** {@return those entries of a batch that have no result, as of a close or a stall} */
  List<QueueEntry> wanted(List<QueueEntry> entries) {
    lock.lock();
    try {
      return entries.stream().filter(e -> e.state == QueueEntry.State.IN_FLIGHT).toList();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Says what became of blocks of a batch.
   *
   * @param results one per block, null where that is not known yet
   */
  void settle(List<QueueEntry> entries, List<? extends @Nullable OffloadResult> results) {
    List<OffloadCall> ended = new ArrayList<>();
    lock.lock();
    try {
      for (int i = 0; i < entries.size(); i++) {
        OffloadResult result = results.get(i);
        if (result != null) {
          settle(entries.get(i), result, ended);
        }
      }
    } finally {
      lock.unlock();
    }
    ended.forEach(OffloadCall::complete);
  }

  /** Ends an entry, unless a close or a stall has. Under the lock. */
  private void settle(QueueEntry entry, OffloadResult result, List<OffloadCall> ended) {
    if (entry.state == QueueEntry.State.SETTLED) {
      return;
    }
    entry.state = QueueEntry.State.SETTLED;
    pending.remove(entry.key);
    counts.count(result);
    for (QueueEntry.Claim claim : entry.claims) {
      joins -= claim.joined() ? 1 : 0;
      if (claim.call().settle(claim.index(), result)) {
        ended.add(claim.call());
      }
    }
    entry.claims.clear();
    room.signalAll();
  }

  /** Takes leave of a batch whose blocks are all settled. */
  void leave(OffloadBatch batch) {
    Cancellable alarm;
    lock.lock();
    try {
      batch.hasEnded = true;
      alarm = batch.stallAlarm;
      if (batch.isWrittenOff) {
        blocksWrittenOff -= batch.stalledBlocks;
        writeOffStuck();
      } else {
        batchesInFlight--;
        stuck.remove(batch);
      }
      signalIfIdle();
    } finally {
      lock.unlock();
    }
    if (alarm != null) {
      alarm.cancel();
    }
    pump();
  }

  private boolean isIdle() {
    return queue.isEmpty() && isDrained();
  }

  /** Of batches that have stalled every block has a result. */
  private boolean isDrained() {
    return batchesInFlight == stuck.size() || abandoned;
  }

  private void signalIfIdle() {
    if (isIdle()) {
      idle.signalAll();
    }
  }

  // ---- batches that stall

  private void watch(OffloadBatch batch) {
    if (limits.stallNanos() == 0) {
      return;
    }
    Cancellable alarm;
    try {
      alarm = deadlines.scheduleAfter(limits.stallNanos(), () -> stalled(batch));
    } catch (ClosedException _) {
      return; // at the end of everything; the close has a timeout of its own
    }
    lock.lock();
    try {
      batch.stallAlarm = alarm;
    } finally {
      lock.unlock();
    }
  }

  /**
   * A batch has taken too long: who waits for its blocks is told, and the edge goes on without it
   * where not too much is written off already.
   */
  private void stalled(OffloadBatch batch) {
    List<OffloadCall> ended = new ArrayList<>();
    int silent;
    boolean first;
    lock.lock();
    try {
      List<QueueEntry> entries = wanted(batch.entries());
      silent = entries.size();
      if (batch.hasEnded || silent == 0) {
        return;
      }
      first = blocksWrittenOff == 0 && stuck.isEmpty();
      batch.stalledBlocks = silent;
      counts.stalled += silent;
      OffloadResult failed = stalledResult();
      entries.forEach(entry -> settle(entry, failed, ended));
      stuck.add(batch);
      writeOffStuck();
      refuseIfStuck(ended);
      signalIfIdle();
    } finally {
      lock.unlock();
    }
    ended.forEach(OffloadCall::complete);
    LOG.log(
        first ? System.Logger.Level.WARNING : System.Logger.Level.DEBUG,
        "offload {0}: {1} blocks have not moved for {2} ms; what they use stays taken until they"
            + " do",
        edge.route(),
        silent,
        limits.stallNanos() / 1_000_000);
    pumpElsewhere();
  }

  /** The thread of the deadlines copies nothing. */
  private void pumpElsewhere() {
    try {
      executor.execute(this::pump);
    } catch (RuntimeException | Error e) {
      LOG.log(System.Logger.Level.DEBUG, "an executor refused to start batches", e);
      pump();
    }
  }

  /** Lets others run in place of stalled batches, with at most an eighth of either tier. */
  private void writeOffStuck() {
    long upper = edge.source().pool().totalBlocks();
    long most = Math.min(upper, edge.target().pool().totalBlocks()) / 8;
    Iterator<OffloadBatch> batches = stuck.iterator();
    while (batches.hasNext()) {
      OffloadBatch batch = batches.next();
      if (blocksWrittenOff + batch.stalledBlocks <= most) {
        batches.remove();
        batch.isWrittenOff = true;
        blocksWrittenOff += batch.stalledBlocks;
        batchesInFlight--;
      }
    }
  }

  /** Where nothing but stalled batches is in flight and no other may start, nobody waits. */
  private void refuseIfStuck(List<OffloadCall> ended) {
    if (isStuck()) {
      settleQueued(stuckResult(), ended);
    }
  }

  private boolean isStuck() {
    return stuck.size() >= limits.maxBatchesInFlight();
  }

  private OffloadResult stalledResult() {
    return failed(
        ErrorCode.STALLED,
        "a block did not move within %d ms; it stays with its transfer"
            .formatted(limits.stallNanos() / 1_000_000));
  }

  private OffloadResult stuckResult() {
    return failed(
        ErrorCode.STALLED,
        "all %d batches that may be in flight have stalled; try again when one has ended"
            .formatted(limits.maxBatchesInFlight()));
  }

  private OffloadResult failed(ErrorCode code, String what) {
    return new OffloadResult.Failed(
        new TransientException(code, "offload %s: %s".formatted(edge.route(), what)));
  }

  // ---- cancelling, closing

  /** Takes the blocks of a call out of the queue, those that others want for this call only. */
  boolean cancel(OffloadCall call) {
    boolean cancelled = false;
    boolean last = false;
    lock.lock();
    try {
      for (int i = 0; i < call.blockCount(); i++) {
        QueueEntry entry = call.entry(i);
        if (entry != null && entry.state == QueueEntry.State.QUEUED) {
          withdraw(entry, call, i);
          cancelled = true;
          last |= call.settle(i, CANCELLED);
        }
      }
      room.signalAll();
      signalIfIdle();
    } finally {
      lock.unlock();
    }
    completeIf(last, call);
    return cancelled;
  }

  private void withdraw(QueueEntry entry, OffloadCall call, int index) {
    entry.claims.removeIf(
        claim -> {
          boolean own = claim.call() == call && claim.index() == index;
          joins -= own && claim.joined() ? 1 : 0;
          return own;
        });
    if (entry.claims.isEmpty() && !entry.background) {
      entry.state = QueueEntry.State.SETTLED;
      queue.remove(entry);
      pending.remove(entry.key);
      counts.count(CANCELLED);
    }
  }

  /** Takes no more blocks and cancels those that are queued. */
  void stop() {
    List<OffloadCall> ended = new ArrayList<>();
    lock.lock();
    try {
      closed = true;
      settleQueued(CANCELLED, ended);
      room.signalAll();
      signalIfIdle();
    } finally {
      lock.unlock();
    }
    ended.forEach(OffloadCall::complete);
  }

  private void settleQueued(OffloadResult result, List<OffloadCall> ended) {
    List<QueueEntry> queued = new ArrayList<>(queue);
    queue.clear();
    queued.forEach(entry -> settle(entry, result, ended));
  }

  /**
   * Waits for what is in flight and gives up what has not drained by then: those who wait for it
   * are told, the transfer keeps its blocks.
   *
   * @return how many blocks were given up
   */
  int drain(long timeoutNanos) {
    if (awaitIdle(timeoutNanos)) {
      return 0;
    }
    OffloadResult failed =
        failed(
            ErrorCode.DEADLINE_EXCEEDED,
            "a block did not drain within %d ns of the close; it stays with its transfer"
                .formatted(limits.drainTimeoutNanos()));
    List<OffloadCall> ended = new ArrayList<>();
    int left;
    lock.lock();
    try {
      abandoned = true;
      List<QueueEntry> inFlight = new ArrayList<>(pending.values());
      left = inFlight.size();
      counts.undrained += left;
      inFlight.forEach(entry -> settle(entry, failed, ended));
      idle.signalAll();
    } finally {
      lock.unlock();
    }
    ended.forEach(OffloadCall::complete);
    return left;
  }

  /** {@return whether nothing is queued or in flight, after waiting for that} */
  boolean awaitIdle(long timeoutNanos) {
    Alarm alarm = new Alarm(idle);
    alarm.set(timeoutNanos);
    lock.lock();
    try {
      return alarm.await(this::isIdle);
    } finally {
      lock.unlock();
      alarm.cancel();
    }
  }

  OffloadStatistics statistics() {
    long now = clock.nanoTime();
    lock.lock();
    try {
      long oldestNanos = 0;
      for (QueueEntry entry : queue) {
        oldestNanos = Math.max(oldestNanos, now - entry.queuedNanos);
      }
      return counts.snapshot(queue.size(), inFlight(), bytesInFlight(), oldestNanos);
    } finally {
      lock.unlock();
    }
  }

  OffloadEdge edge() {
    return edge;
  }

  /** Ends a wait for a condition of the lock. */
  private final class Alarm {
    private final Condition changed;
    private final AtomicBoolean expired = new AtomicBoolean();
    private @Nullable Cancellable pendingAlarm;

    Alarm(Condition changed) {
      this.changed = changed;
    }

    /** Begins to run. Without the lock. */
    void set(long nanos) {
      if (nanos <= 0) {
        expired.set(true);
        return;
      }
      try {
        pendingAlarm = deadlines.scheduleAfter(nanos, this::ring);
      } catch (ClosedException _) {
        expired.set(true); // nothing would end the wait
      }
    }

    private void ring() {
      expired.set(true);
      lock.lock();
      try {
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    /** {@return whether the condition holds, after waiting for that} Under the lock. */
    boolean await(BooleanSupplier reached) {
      while (!reached.getAsBoolean() && !expired.get()) {
        changed.awaitUninterruptibly();
      }
      return reached.getAsBoolean();
    }

    void cancel() {
      if (pendingAlarm != null) {
        pendingAlarm.cancel();
      }
    }
  }
}
