package io.kvbm.backend.remote.ucx;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The thread that owns a worker: hands copies to UCX, lets it progress, tells completions, and
 * waits for the worker's event file when there is nothing to do. UCX's locks are spin locks and its
 * callbacks come from progress, so one owner is less to pay for than a worker of many threads.
 */
final class UcxEngine implements Runnable {

  private static final int AWAKE = 0;
  private static final int ASLEEP = 1;
  private static final int SIGNALLING = 2;
  private static final int CLOSE_CHECK_MILLIS = 100;
  private static final int MOST_LAST_STEPS = 1000;
  private static final long MOST_WIRING_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final UcxOptions options;
  private final long chunkByteSize;
  private final long timeoutNanos;
  private final SubmissionRing<UcxCopy> submitted;
  private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicInteger sleep = new AtomicInteger(AWAKE);
  private final AtomicLong peerIds = new AtomicLong();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Map<Long, UcxPeer> peers = new HashMap<>();
  private final List<UcxCopy> active = new ArrayList<>();
  private final List<UcxPeer> unflushed = new ArrayList<>();
  private final UcxSlots slots = new UcxSlots();
  private final UcxWorker worker;
  private final Thread thread;
  private long nextDeadline = Long.MAX_VALUE;
  private boolean stopping;
  private boolean anyUnusable;
  private volatile boolean terminated;

  UcxEngine(UcxLibrary ucx, UcxOptions options, long chunkByteSize) {
    this.options = options;
    this.chunkByteSize = chunkByteSize;
    timeoutNanos = options.requestTimeout().toNanos();
    submitted = new SubmissionRing<>(Math.max(1024, 4 * options.maxInFlight()));
    worker = new UcxWorker(ucx, options, slots);
    thread = Thread.ofPlatform().daemon().name("kvbm-ucx").unstarted(this);
  }

  UcxWorker worker() {
    return worker;
  }

  CountDownLatch ended() {
    return ended;
  }

  void start() {
    thread.start();
  }

  /** Closes all peers and ends when UCX has let go of their copies. */
  void stop() {
    execute(
        () -> {
          stopping = true;
          anyUnusable = true;
          peers.values().forEach(UcxPeer::shut);
        });
  }

  UcxPeer connect(UcxFrame address) {
    UcxPeer peer = new UcxPeer(this, peerIds.incrementAndGet(), address);
    execute(
        () -> {
          if (terminated) {
            peer.shut();
            peer.ended.countDown();
          } else {
            peers.put(peer.id, peer);
            connect(peer);
          }
        });
    return peer;
  }

  /** Waits without being interrupted; the path's own thread does not wait for itself. */
  void await(CountDownLatch latch) {
    if (Thread.currentThread() == thread) {
      return;
    }
    boolean interrupted = false;
    while (true) {
      try {
        latch.await();
        break;
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Queues a copy; a full queue and a path that has ended fail it at once. */
  void submit(UcxCopy copy) {
    copy.deadline = System.nanoTime() + timeoutNanos;
    if (!submitted.offer(copy)) {
      copy.end(
          new TransientException(
              ErrorCode.QUEUE_FULL,
              "%d copies wait for UCX: wait for some to end".formatted(submitted.capacity())));
    } else if (terminated) {
      refuseSubmitted();
    } else {
      wake();
    }
  }

  /** Runs a task on the path's thread soon, also when the path is about to end. */
  void execute(Runnable task) {
    tasks.add(task);
    if (terminated) {
      runTasks();
    } else {
      wake();
    }
  }

  private void wake() {
    if (sleep.get() == ASLEEP && sleep.compareAndSet(ASLEEP, SIGNALLING)) {
      worker.signal();
      sleep.set(AWAKE);
    }
  }

  private synchronized boolean runTasks() {
    boolean any = false;
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
      any = true;
    }
    return any;
  }

  private synchronized void refuseSubmitted() {
    for (UcxCopy copy = submitted.poll(); copy != null; copy = submitted.poll()) {
      copy.peer.shut();
      copy.end(copy.peer.unusable());
    }
  }

  @Override
  public void run() {
    try {
      while (!(stopping && isDrained())) {
        boolean worked = runTasks();
        worked |= issueSubmitted();
        worked |= worker.progress();
        noteFailures();
        worked |= endRequests();
        worked |= flushWritten();
        worked |= closeFailed();
        expire();
        if (!worked) {
          pause();
        }
      }
    } catch (RuntimeException | Error e) {
      System.getLogger(UcxEngine.class.getName())
          .log(System.Logger.Level.ERROR, "a UCX path failed and is closed", e);
    } finally {
      terminate();
    }
  }

  private synchronized void terminate() {
    terminated = true;
    for (UcxPeer peer : peers.values()) {
      peer.shut();
      peer.opened.forEach(memory -> worker.destroyKey(memory.key));
      peer.opened.clear();
    }
    finishAnswers();
    worker.destroy();
    List.copyOf(active).forEach(copy -> end(copy, copy.peer.unusable()));
    refuseSubmitted();
    runTasks();
    peers.values().forEach(peer -> peer.ended.countDown());
    ended.countDown();
  }

  /** Peers that are connecting here are answered, as far as that takes no waiting. */
  private void finishAnswers() {
    int steps = 0;
    while (steps < MOST_LAST_STEPS && worker.progress()) {
      steps++;
    }
  }

  private boolean isDrained() {
    return peers.isEmpty() && active.isEmpty() && submitted.isEmpty();
  }

  private void pause() {
    if (options.busyPoll()) {
      Thread.onSpinWait();
      return;
    }
    sleep.set(ASLEEP);
    if (tasks.isEmpty() && (active.size() >= options.maxInFlight() || submitted.isEmpty())) {
      worker.await(pauseMillis());
    }
    if (!sleep.compareAndSet(ASLEEP, AWAKE)) {
      while (sleep.get() != AWAKE) { // A signal is being written; the worker must outlive that.
        Thread.onSpinWait();
      }
    }
  }

  private int pauseMillis() {
    for (UcxPeer peer : peers.values()) {
      if (peer.closeRequest != 0 || isWiring(peer)) {
        return CLOSE_CHECK_MILLIS; // Such a request has no callback, but an event as a rule.
      }
    }
    if (active.isEmpty()) {
      return -1;
    }
    long left = TimeUnit.NANOSECONDS.toMillis(nextDeadline - System.nanoTime()) + 1;
    return Math.clamp(left, 1, Integer.MAX_VALUE);
  }

  private boolean issueSubmitted() {
    boolean any = false;
    while (active.size() < options.maxInFlight()) {
      UcxCopy copy = submitted.poll();
      if (copy == null) {
        break;
      }
      any = true;
      if (copy.peer.endpoint == 0) {
        runTasks(); // It was connected before the copy was submitted, but after tasks last ran.
      }
      if (!copy.peer.isUsable()) {
        copy.end(copy.peer.unusable());
      } else if (copy.peer.endpoint == 0) {
        copy.end(UcxStatus.disconnected(copy.peer.label(), UcxStatus.UNREACHABLE));
      } else if (copy.deadline - System.nanoTime() <= 0) {
        copy.end(copy.late());
      } else {
        copy.index = active.size();
        active.add(copy);
        copy.peer.active++;
        issue(copy);
      }
    }
    return any;
  }

  private void issue(UcxCopy copy) {
    UcxPeer peer = copy.peer;
    UcxRemoteMemory memory = copy.memory;
    copy.deadline = System.nanoTime() + timeoutNanos;
    if (active.size() == 1 || copy.deadline - nextDeadline < 0) {
      nextDeadline = copy.deadline;
    }
    try {
      if (memory.key == 0) {
        memory.key = worker.unpackKey(peer.endpoint, memory.packed());
        peer.opened.add(memory);
      }
    } catch (KvbmException e) {
      end(copy, e);
      return;
    }
    copy.chunk = Math.min(chunkByteSize, copy.remaining());
    int slot = slots.take(copy);
    long local = copy.localAddress();
    long remote = copy.remoteAddress();
    long pointer =
        copy.isWrite
            ? worker.put(peer.endpoint, local, copy.chunk, remote, memory.key, slot)
            : worker.get(peer.endpoint, local, copy.chunk, remote, memory.key, slot);
    endIfImmediate(pointer, slot);
  }

  /** Puts a request that has no callback because it ended at once with the ended ones. */
  private void endIfImmediate(long pointer, int slot) {
    if (!UcxStatus.isRequest(pointer)) {
      slots.completed(slot, (int) pointer);
    }
  }

  private void noteFailures() {
    while (slots.nextFailed()) {
      UcxPeer peer = peers.get(slots.failedPeer());
      if (peer != null) {
        peer.isWired = true;
        peer.fail(slots.failedStatus());
        anyUnusable = true;
      }
    }
  }

  private boolean endRequests() {
    boolean any = false;
    while (slots.nextEnded()) {
      any = true;
      int status = slots.endedStatus();
      switch (slots.releaseEnded()) {
        case UcxCopy copy -> {
          copy.peer.isWired = true;
          endChunk(copy, status);
        }
        case UcxPeer peer -> peer.isWired = true;
        case UcxSlots.Flush flush ->
            flush.copies().forEach(copy -> end(copy, failure(copy, status)));
        default -> throw new AssertionError("a slot belongs to a copy, a flush or a peer");
      }
    }
    return any;
  }

  private void endChunk(UcxCopy copy, int status) {
    UcxPeer peer = copy.peer;
    if (status != UcxStatus.OK || (copy.remaining() > copy.chunk && !peer.isUsable())) {
      end(copy, failure(copy, status == UcxStatus.OK ? UcxStatus.CANCELED : status));
      return;
    }
    copy.advance();
    if (copy.remaining() > 0) {
      issue(copy);
    } else if (!copy.isWrite) {
      end(copy, null);
    } else {
      if (peer.written.isEmpty()) {
        unflushed.add(peer);
      }
      peer.written.add(copy);
    }
  }

  /** Writes are there when a flush after them has ended; one flush serves all that wait. */
  private boolean flushWritten() {
    boolean any = !unflushed.isEmpty();
    for (UcxPeer peer : unflushed) {
      List<UcxCopy> copies = peer.written;
      peer.written = new ArrayList<>();
      if (peer.endpoint == 0) {
        copies.forEach(copy -> end(copy, failure(copy, UcxStatus.CANCELED)));
      } else {
        int slot = slots.take(new UcxSlots.Flush(copies));
        endIfImmediate(worker.flush(peer.endpoint, slot), slot);
      }
    }
    unflushed.clear();
    return any;
  }

  private static @Nullable KvbmException failure(UcxCopy copy, int status) {
    if (status == UcxStatus.OK) {
      return null;
    }
    if (copy.isLate) {
      return copy.late();
    }
    if (!copy.peer.isUsable()) {
      return copy.peer.unusable();
    }
    if (UcxStatus.isLoss(status)) { // Requests may end before the endpoint is told to have failed.
      return UcxStatus.disconnected(copy.peer.label(), status);
    }
    return UcxStatus.failure(
        "%s at %s failed".formatted(copy.isWrite ? "write" : "read", copy.peer.label()), status);
  }

  private void end(UcxCopy copy, @Nullable KvbmException failure) {
    UcxCopy last = active.removeLast();
    if (last != copy) {
      active.set(copy.index, last);
      last.index = copy.index;
    }
    copy.peer.active--;
    copy.end(failure);
  }

  /** UCX cannot cancel a copy, but ends all of an endpoint that is closed by force. */
  private void expire() {
    if (active.isEmpty()) {
      return;
    }
    long now = System.nanoTime();
    if (nextDeadline - now > 0) {
      return;
    }
    nextDeadline = now + timeoutNanos;
    for (UcxCopy copy : active) {
      if (copy.deadline - now <= 0) {
        copy.isLate = true;
        copy.peer.fail(UcxStatus.TIMED_OUT);
        anyUnusable = true;
      } else if (copy.deadline - nextDeadline < 0) {
        nextDeadline = copy.deadline;
      }
    }
  }

  private void connect(UcxPeer peer) {
    try {
      peer.endpoint = worker.connect(peer.address, peer.id);
    } catch (BackendException e) {
      peer.fail(e.nativeCode());
    }
  }

  /** The peer is closed: {@link #closeFailed} does the rest. */
  void disconnect(UcxPeer peer) {
    anyUnusable = true;
    if (!peers.containsKey(peer.id)) {
      peer.ended.countDown();
    }
  }

  void forget(UcxRemoteMemory memory) {
    if (memory.key != 0 && memory.peer().opened.remove(memory)) {
      worker.destroyKey(memory.key);
      memory.key = 0;
    }
  }

  /** Closes the endpoints of peers that failed or were closed, and ends closed ones. */
  private boolean closeFailed() {
    if (!anyUnusable) {
      return false;
    }
    anyUnusable = false;
    boolean any = false;
    for (UcxPeer peer : List.copyOf(peers.values())) {
      if (!peer.isUsable() && (peer.endpoint != 0 || peer.closeRequest != 0 || peer.isClosed())) {
        any |= close(peer);
        anyUnusable |=
            peer.closeRequest != 0
                || isWiring(peer)
                || (peer.isClosed() && peers.containsKey(peer.id));
      }
    }
    return any;
  }

  private static boolean isWiring(UcxPeer peer) {
    return peer.endpoint != 0 && peer.wireBy != 0;
  }

  /**
   * {@return whether the endpoint may be closed} UCX aborts the process if one is closed by force
   * while the messages that connect it are queued; a flush ends after them.
   */
  private boolean isWiredOrLate(UcxPeer peer) {
    if (peer.isWired) {
      return true;
    }
    long now = System.nanoTime();
    if (peer.wireBy == 0) {
      peer.wireBy = (now + Math.min(timeoutNanos, MOST_WIRING_NANOS)) | 1;
      int slot = slots.take(peer);
      endIfImmediate(worker.flush(peer.endpoint, slot), slot);
    }
    return now - peer.wireBy >= 0;
  }

  private boolean close(UcxPeer peer) {
    boolean any = false;
    if (peer.endpoint != 0 && !isWiredOrLate(peer)) {
      return false;
    }
    if (peer.endpoint != 0) {
      long pointer = worker.close(peer.endpoint);
      peer.closeRequest = UcxStatus.isRequest(pointer) ? pointer : 0;
      peer.endpoint = 0;
      any = true;
    }
    if (peer.closeRequest != 0 && worker.isEnded(peer.closeRequest)) {
      peer.closeRequest = 0;
      any = true;
    }
    if (peer.isClosed() && peer.closeRequest == 0 && peer.active == 0) {
      List.copyOf(peer.opened).forEach(this::forget);
      peers.remove(peer.id);
      peer.ended.countDown();
      any = true;
    }
    return any;
  }
}
