package io.kvbm.graph.csr.algorithm;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The threads of one run of an algorithm: the caller's and daemons of its own, started when there
 * is first something to share. Work is split into chunks that the threads take one after the other;
 * between chunks they look at the token and the budget. A phase ends when every chunk is done: a
 * thread that has not woken by then is not waited for, so that short phases are cheap.
 */
final class Team implements AutoCloseable {

  /** What is done with a chunk. */
  interface Body {
    /**
     * Works on a chunk.
     *
     * @param from the first of the chunk
     * @param to behind the last
     * @param worker which thread it is, from 0
     * @return how many entries of rows were looked at
     */
    long run(int from, int to, int worker);
  }

  /** One of the threads that are not the caller's. */
  private static final class Worker {

    private final Thread thread;
    private volatile boolean parked;

    Worker(Thread thread) {
      this.thread = thread;
    }
  }

  private static final int SPINS = 1000;
  private static final Body NOTHING = (_, _, _) -> 0;

  private final AlgorithmOptions options;
  private final int threads;
  private final int mostGrain;
  private final LongAdder spent;
  private Worker[] workers = {};

  private final AtomicInteger phase = new AtomicInteger(); // odd while there is work to take
  private final AtomicInteger active = new AtomicInteger();
  private final AtomicLong next = new AtomicLong();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private volatile @Nullable Thread waiting;
  private volatile boolean closed;
  private Body body = NOTHING;
  private int count;
  private int grain;

  Team(AlgorithmOptions options) {
    this(options, Integer.MAX_VALUE);
  }

  /**
   * Creates a team.
   *
   * @param mostGrain chunks are no longer, whatever is asked for: small ones let tests share little
   */
  Team(AlgorithmOptions options, int mostGrain) {
    this(options, options.threads(), mostGrain, new LongAdder());
  }

  private Team(AlgorithmOptions options, int threads, int mostGrain, LongAdder spent) {
    this.options = options;
    this.threads = threads;
    this.mostGrain = mostGrain;
    this.spent = spent;
  }

  /** {@return a team of one, for a chunk of this team's work; what it looks at counts here} */
  Team alone() {
    return new Team(options, 1, Integer.MAX_VALUE, spent);
  }

  int threads() {
    return threads;
  }

  boolean isAlone() {
    return threads == 1;
  }

  /**
   * Works on 0 to {@code count}, by all threads; returns when all is done. For the thread that made
   * the team.
   *
   * @param size how much there is
   * @param chunk how many make a chunk
   */
  void run(int size, int chunk, Body task) {
    int length = Math.min(chunk, mostGrain);
    check(0);
    if (isAlone() || size <= length) {
      for (int from = 0; from < size; from = end(from, length, size)) {
        check(task.run(from, end(from, length, size), 0));
      }
      return;
    }
    if (workers.length == 0) {
      start();
    }
    body = task;
    count = size;
    grain = length;
    next.set(0);
    phase.incrementAndGet();
    wake((size - 1L) / length);
    takeChunks(0);
    phase.incrementAndGet();
    awaitOthers();
    body = NOTHING;
    Throwable thrown = failure.getAndSet(null);
    if (thrown instanceof Error error) {
      throw error;
    }
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
  }

  private static int end(int from, int length, int size) {
    return size - from <= length ? size : from + length;
  }

  private void start() {
    Worker[] all = new Worker[threads - 1];
    for (int i = 0; i < all.length; i++) {
      int number = i + 1;
      Runnable work = () -> work(all[number - 1], number);
      all[i] =
          new Worker(Thread.ofPlatform().daemon().name("kvbm-graph-" + number).unstarted(work));
    }
    workers = all;
    for (Worker worker : all) {
      worker.thread.start();
    }
  }

  private void wake(long useful) {
    for (int i = 0; i < workers.length && i < useful; i++) {
      if (workers[i].parked) {
        LockSupport.unpark(workers[i].thread);
      }
    }
  }

  private void work(Worker self, int number) {
    int last = 0;
    while (awaitPhase(self, last)) {
      active.incrementAndGet();
      int current = phase.get();
      if (isOpen(current)) {
        takeChunks(number);
        last = current;
      }
      if (active.decrementAndGet() == 0) {
        Thread caller = waiting;
        if (caller != null) {
          LockSupport.unpark(caller);
        }
      }
    }
  }

  private static boolean isOpen(int phase) {
    return (phase & 1) != 0;
  }

  /** {@return whether there is work, false when there will be no more} */
  private boolean awaitPhase(Worker self, int last) {
    for (int spins = 0; !closed; spins++) {
      int current = phase.get();
      if (isOpen(current) && current != last) {
        return true;
      }
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else {
        self.parked = true;
        current = phase.get();
        if (!closed && (!isOpen(current) || current == last)) {
          LockSupport.park(this);
        }
        self.parked = false;
      }
    }
    return false;
  }

  private void takeChunks(int worker) {
    try {
      while (true) {
        long from = next.getAndAdd(grain);
        if (from >= count) {
          return;
        }
        check(body.run((int) from, end((int) from, grain, count), worker));
      }
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
      next.set(count);
    }
  }

  private void awaitOthers() {
    for (int spins = 0; spins < SPINS; spins++) {
      if (active.get() == 0) {
        return;
      }
      Thread.onSpinWait();
    }
    boolean interrupted = false;
    waiting = Thread.currentThread();
    while (active.get() != 0) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted(); // they work on what the caller gave: they have to end
    }
    waiting = null;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Notes entries that were looked at; throws if the run has to end. */
  void check(long entries) {
    if (options.cancellation().isCancelled()) {
      throw new TransientException(ErrorCode.CANCELLED, "the algorithm was cancelled");
    }
    if (options.edgeBudget() != Long.MAX_VALUE) {
      spent.add(entries);
      long sum = spent.sum();
      if (sum > options.edgeBudget()) {
        throw new CapacityException(
            ErrorCode.BUDGET_EXCEEDED,
            "looked at %d entries of rows, over the budget of %d"
                .formatted(sum, options.edgeBudget()),
            sum,
            options.edgeBudget());
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Worker worker : workers) {
      LockSupport.unpark(worker.thread);
    }
  }
}
