package io.kvbm.core;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads of a platform. They start when there is work and end when there has been none for a
 * while, so that an idle platform has none. None is ever interrupted: an interrupt would close file
 * channels for everybody.
 */
final class PlatformThreads implements AutoCloseable {

  private static final long KEEP_ALIVE_SECONDS = 10;

  private final ExecutorService io;
  private final ExecutorService compute;
  private final ExecutorService callbacks;
  private final int computeParallelism;

  PlatformThreads(int ioThreads) {
    computeParallelism = Runtime.getRuntime().availableProcessors();
    io = pool("kvbm-io-", ioThreads);
    compute = pool("kvbm-compute-", computeParallelism);
    // A virtual thread each: a continuation that blocks holds up no other one.
    callbacks =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("kvbm-callback-", 1).factory());
  }

  private static ThreadPoolExecutor pool(String prefix, int threads) {
    AtomicInteger started = new AtomicInteger();
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            KEEP_ALIVE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task ->
                Thread.ofPlatform()
                    .daemon()
                    .name(prefix + started.incrementAndGet())
                    .unstarted(task));
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  Executor io() {
    return io;
  }

  Executor compute() {
    return compute;
  }

  int computeParallelism() {
    return computeParallelism;
  }

  /** {@return where user continuations run} */
  Executor callbacks() {
    return callbacks;
  }

  /**
   * Waits for what backends started. User continuations are not waited for: one of them may be the
   * caller.
   */
  @Override
  public void close() {
    callbacks.shutdown();
    drain(io);
    drain(compute);
  }

  private static void drain(ExecutorService executor) {
    executor.shutdown();
    boolean interrupted = false;
    boolean ended = false;
    while (!ended) {
      try {
        ended = executor.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
