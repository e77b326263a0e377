package io.kvbm.backend.remote.ucx;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The thread that owns a worker: hands copies to UCX, lets it progress, tells completions, and
 * waits for the worker's event file when there is nothing to do. Callbacks come from progress, so
 * one thread is all it takes; UCX's own async thread is another, for which the worker locks.
 *
 * <p>If UCX meets a fatal error, the thread stays in it for ever, and another ends the path. No
 * lock is held that others need while UCX is called.
 */
final class UcxEngine implements Runnable {

  private static final int AWAKE = 0;
  private static final int ASLEEP = 1;
  private static final int SIGNALLING = 2;
  private static final int CLOSE_CHECK_MILLIS = 100;
  private static final int MOST_LAST_STEPS = 1000;

  /** Who calls UCX: the path's thread, it alone without being woken, nobody. */
  private enum Phase {
    RUNNING,
    ENDING,
    ENDED
  }

  private final UcxOptions options;
  private final long timeoutNanos;
  private final SubmissionRing<UcxCopy> submitted;
  private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicInteger sleep = new AtomicInteger(AWAKE);
  private final AtomicLong peerIds = new AtomicLong();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final UcxSlots slots = new UcxSlots();
  private final UcxWorker worker;
  private final UcxPeers peers;
  private final UcxCopies copies;
  private volatile Thread thread;
  private volatile Phase phase = Phase.RUNNING;
  private boolean stopping;

  UcxEngine(UcxLibrary ucx, UcxOptions options, long chunkByteSize) {
    this.options = options;
    timeoutNanos = options.requestTimeout().toNanos();
    submitted = new SubmissionRing<>(Math.max(1024, 4 * options.maxInFlight()));
    worker = new UcxWorker(ucx, options, slots);
    peers = new UcxPeers(worker, slots, timeoutNanos);
    copies = new UcxCopies(worker, slots, peers, options, chunkByteSize);
    thread = Thread.ofPlatform().daemon().name("kvbm-ucx").unstarted(this);
  }

  UcxWorker worker() {
    return worker;
  }

  CountDownLatch ended() {
    return ended;
  }

  boolean isRunning() {
    return phase == Phase.RUNNING;
  }

  void start() {
    thread.start();
  }

  /** Closes all peers and ends when UCX has let go of their copies. */
  void stop() {
    execute(
        () -> {
          stopping = true;
          peers.shutAll();
        });
  }

  UcxPeer connect(UcxFrame address) {
    UcxPeer peer = new UcxPeer(this, peerIds.incrementAndGet(), address);
    execute(
        () -> {
          if (phase == Phase.RUNNING) {
            peers.connect(peer);
          } else {
            peer.shut();
            peer.ended.countDown();
          }
        });
    return peer;
  }

  /** The peer is closed; ends it soon. */
  void disconnect(UcxPeer peer) {
    execute(() -> peers.disconnect(peer));
  }

  /** Destroys the key's handle soon. */
  void forget(UcxRemoteMemory memory) {
    execute(
        () -> {
          if (phase == Phase.RUNNING) {
            peers.forget(memory);
          }
        });
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
    } else {
      goOn();
    }
  }

  /** Runs a task on the path's thread soon, also when the path is about to end. */
  private void execute(Runnable task) {
    tasks.add(task);
    goOn();
  }

  private void goOn() {
    switch (phase) {
      case RUNNING -> wake();
      case ENDING -> {} // finish() sees it.
      case ENDED -> refuseRest();
    }
  }

  private void wake() {
    if (sleep.get() == ASLEEP && sleep.compareAndSet(ASLEEP, SIGNALLING)) {
      worker.signal();
      sleep.set(AWAKE);
    }
  }

  private boolean runTasks() {
    boolean any = false;
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
      any = true;
    }
    return any;
  }

  @Override
  public void run() {
    if (options.isTcp()) {
      UcxFatalErrors.guard(this::abandon);
    }
    try {
      while (!(stopping && isDrained())) {
        boolean worked = runTasks();
        worked |= beginSubmitted();
        worked |= worker.progress();
        peers.noteFailures();
        worked |= copies.endRequests();
        worked |= copies.flushWritten();
        worked |= peers.closeUnusable();
        copies.expire();
        if (!worked) {
          pause();
        }
      }
    } catch (RuntimeException | Error e) {
      System.getLogger(UcxEngine.class.getName())
          .log(System.Logger.Level.ERROR, "a UCX path failed and is closed", e);
    }
    phase = Phase.ENDING;
    try {
      peers.destroyKeys();
      finishAnswers();
      worker.destroy();
    } finally {
      UcxFatalErrors.unguard();
      peers.shutAll();
      finish();
    }
  }

  /** Peers that are connecting here are answered, as far as that takes no waiting. */
  private void finishAnswers() {
    int steps = 0;
    while (steps < MOST_LAST_STEPS && worker.progress()) {
      steps++;
    }
  }

  /** Called on the path's thread, which ends with that: UCX does not return to it. */
  private void abandon(String reason) {
    phase = Phase.ENDING;
    thread =
        Thread.ofPlatform()
            .daemon()
            .name("kvbm-ucx-end")
            .unstarted(
                () -> {
                  System.getLogger(UcxEngine.class.getName())
                      .log(
                          System.Logger.Level.ERROR,
                          "UCX failed: a path and its peers are given up ({0})",
                          reason);
                  worker.abandon();
                  peers.failAll();
                  finish();
                });
    thread.start();
  }

  /** UCX touches nothing any more: ends what is left. */
  private synchronized void finish() {
    phase = Phase.ENDED;
    copies.endAll();
    refuseRest();
    peers.endAll();
    ended.countDown();
  }

  private synchronized void refuseRest() {
    for (UcxCopy copy = submitted.poll(); copy != null; copy = submitted.poll()) {
      if (copy.peer.isUsable()) {
        copy.peer.shut();
      }
      copy.end(copy.peer.unusable());
    }
    runTasks();
  }

  private boolean isDrained() {
    return peers.isEmpty() && copies.isEmpty() && submitted.isEmpty();
  }

  private void pause() {
    if (options.busyPoll()) {
      Thread.onSpinWait();
      return;
    }
    sleep.set(ASLEEP);
    if (tasks.isEmpty() && (copies.isFull() || submitted.isEmpty())) {
      worker.await(pauseMillis());
    }
    if (!sleep.compareAndSet(ASLEEP, AWAKE)) {
      while (sleep.get() != AWAKE) { // A signal is being written; the worker must outlive that.
        Thread.onSpinWait();
      }
    }
  }

  private int pauseMillis() {
    if (peers.isAnyClosing()) {
      return CLOSE_CHECK_MILLIS; // Such a request has no callback, but an event as a rule.
    }
    return copies.isEmpty() ? -1 : Math.clamp(copies.millisLeft(), 1, Integer.MAX_VALUE);
  }

  private boolean beginSubmitted() {
    boolean any = false;
    while (!copies.isFull()) {
      UcxCopy copy = submitted.poll();
      if (copy == null) {
        break;
      }
      any = true;
      if (copy.peer.endpoint == 0) {
        runTasks(); // It was connected before the copy was submitted, but after tasks last ran.
      }
      copies.begin(copy);
    }
    return any;
  }
}
