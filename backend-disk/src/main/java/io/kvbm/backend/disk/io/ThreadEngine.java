package io.kvbm.backend.disk.io;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Runs requests on platform threads of its own, through {@link io.kvbm.api.disk.DiskFile}.
 *
 * <p>A thread that is stuck in a call cannot be called back: at the deadline a watchdog answers the
 * request, and it is released when the call returns. A request that still waits for a thread is
 * answered and released at its deadline.
 */
final class ThreadEngine implements IoEngine {

  private static final long NANOS_PER_MILLI = 1_000_000;

  private final String name;
  private final IoCounters counters;
  private final ArrayDeque<Run> waiting = new ArrayDeque<>();
  private final PriorityQueue<Run> deadlines = new PriorityQueue<>(Run.BY_DEADLINE);
  private final List<Thread> threads = new ArrayList<>();
  private @Nullable Thread watchdog;
  private int open;
  private boolean closed;

  /** A request and how far it is. Its fields are guarded by the engine. */
  private static final class Run {

    /** By difference: {@link System#nanoTime} may overflow. */
    static final Comparator<Run> BY_DEADLINE =
        (a, b) -> Long.signum(a.request.deadlineNanos() - b.request.deadlineNanos());

    final IoRequest request;
    boolean started;
    boolean answered;

    Run(IoRequest request) {
      this.request = request;
    }

    boolean hasDeadline() {
      return request.deadlineNanos() != IoRequest.NO_DEADLINE;
    }
  }

  /**
   * Starts the threads.
   *
   * @param name what to report: {@code direct} or {@code buffered}
   * @param threadCount how many requests run at once, above 0
   */
  public ThreadEngine(String name, int threadCount) {
    this(name, threadCount, new IoCounters());
  }

  /**
   * Starts the threads.
   *
   * @param name what to report: {@code direct} or {@code buffered}
   * @param threadCount how many requests run at once, above 0
   * @param counters counts the requests
   */
  public ThreadEngine(String name, int threadCount, IoCounters counters) {
    this.name = name;
    this.counters = counters;
    for (int i = 0; i < threadCount; i++) {
      threads.add(
          Thread.ofPlatform().daemon().name("kvbm-disk-" + name + "-" + i).start(this::work));
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int depth() {
    return threads.size();
  }

  @Override
  public String details() {
    return "%s, %d threads".formatted(name, threads.size());
  }

  @Override
  public IoStatistics statistics() {
    return counters.statistics();
  }

  @Override
  public synchronized void submit(List<IoRequest> batch) {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, "the disk engine is closed");
    }
    counters.taken(batch.size());
    for (IoRequest request : batch) {
      Run run = new Run(request);
      waiting.add(run);
      open++;
      if (run.hasDeadline()) {
        deadlines.add(run);
        if (watchdog == null) {
          watchdog =
              Thread.ofPlatform()
                  .daemon()
                  .name("kvbm-disk-" + name + "-deadlines")
                  .start(this::watch);
        }
      }
    }
    notifyAll();
  }

  private void work() {
    for (Run run = next(); run != null; run = next()) {
      KvbmException failure = RequestRun.failureOf(run.request);
      if (claimAnswer(run)) {
        counters.answered(run.request, failure);
        RequestRun.answer(run.request, failure);
      }
      release(run);
    }
  }

  private synchronized @Nullable Run next() {
    while (true) {
      Run run = waiting.poll();
      if (run == null) {
        if (closed) {
          return null;
        }
        await(0);
      } else if (!run.answered) {
        run.started = true;
        return run;
      }
    }
  }

  private synchronized boolean claimAnswer(Run run) {
    if (run.answered) {
      // The watchdog has said so, or is about to: its callback comes first.
      while (run.started) {
        await(0);
      }
      return false;
    }
    run.answered = true;
    if (run.hasDeadline()) {
      deadlines.remove(run);
    }
    return true;
  }

  private void watch() {
    for (Run run = nextExpired(); run != null; run = nextExpired()) {
      KvbmException timeout = RequestRun.timeout(run.request);
      counters.answered(run.request, timeout);
      RequestRun.answer(run.request, timeout);
      if (!told(run)) {
        release(run);
      }
    }
  }

  /** {@return the next request whose deadline passed; null once all are released and closed} */
  private synchronized @Nullable Run nextExpired() {
    while (true) {
      if (closed && open == 0) {
        return null;
      }
      Run first = deadlines.peek();
      if (first == null) {
        await(0);
        continue;
      }
      long left = first.request.deadlineNanos() - System.nanoTime();
      if (left <= 0) {
        deadlines.remove(first);
        first.answered = true;
        if (!first.started) {
          waiting.remove(first);
        }
        return first;
      }
      await(left / NANOS_PER_MILLI + 1);
    }
  }

  /** Lets the thread go on that waits to release. {@return whether there is one} */
  private synchronized boolean told(Run run) {
    boolean started = run.started;
    run.started = false;
    notifyAll();
    return started;
  }

  private void release(Run run) {
    counters.released();
    RequestRun.release(run.request);
    synchronized (this) {
      open--;
      notifyAll();
    }
  }

  @SuppressWarnings("WaitNotInLoop") // each caller loops
  private void await(long millis) {
    try {
      wait(millis);
    } catch (InterruptedException e) {
      // Nobody is told to stop this way.
    }
  }

  @Override
  public void close() {
    Thread watching;
    synchronized (this) {
      closed = true;
      notifyAll();
      watching = watchdog;
    }
    boolean own = threads.contains(Thread.currentThread()) || Thread.currentThread() == watching;
    if (own) {
      return; // closed from a callback: the threads end by themselves
    }
    threads.forEach(ThreadEngine::join);
    if (watching != null) {
      join(watching);
    }
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
