package io.kvbm.testkit.disk;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Hands out the seeds of a run, in order, and adds up what came of them. Threading: safe from any
 * thread.
 */
final class CrashTally {

  private static final System.Logger LOGGER = System.getLogger(CrashTally.class.getName());

  /** Seeds between two words on how far a run is. */
  private static final long STEP = 50_000;

  private final CrashRuns runs;
  private final String store;
  private final long first;
  private final long end;
  private final Map<CrashPhase, Long> crashes = new EnumMap<>(CrashPhase.class);
  private long next;
  private long failedSeed = Long.MAX_VALUE;
  private @Nullable Throwable failure;
  private long cpuNanos;

  CrashTally(CrashRuns runs, String store, long first, long count) {
    this.runs = runs;
    this.store = store;
    this.first = first;
    this.end = first + count;
    this.next = first;
  }

  /**
   * Tells every story.
   *
   * @param threads how many at once; one is the caller's own
   */
  CrashReport run(LongFunction<CrashStory> stories, int threads) {
    long start = System.nanoTime();
    List<Thread> others = new ArrayList<>();
    for (int i = 1; i < threads; i++) {
      others.add(Thread.ofPlatform().daemon().name("crash-run-" + i).start(() -> work(stories)));
    }
    work(stories);
    others.forEach(CrashTally::join);
    return report((System.nanoTime() - start) * 1e-9);
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

  private synchronized CrashReport report(double seconds) {
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
    return new CrashReport(store, first, end - first, crashes, seconds, cpuNanos * 1e-9);
  }

  private void work(LongFunction<CrashStory> stories) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long start = threads.getCurrentThreadCpuTime();
    for (long seed = take(); seed < end; seed = take()) {
      try {
        count(runs.runSeed(seed, stories.apply(seed)));
      } catch (RuntimeException | Error e) {
        failed(seed, e);
      }
    }
    spent(threads.getCurrentThreadCpuTime() - start);
  }

  /** {@return the next seed, or the end; after a failure no more are begun} */
  private synchronized long take() {
    if (failure != null || next == end) {
      return end;
    }
    if (next > first && (next - first) % STEP == 0) {
      LOGGER.log(System.Logger.Level.INFO, "{0}: came to seed {1}", store, Long.toString(next));
    }
    return next++;
  }

  private synchronized void count(SimDisk last) {
    for (CrashPhase phase : CrashPhase.values()) {
      crashes.merge(phase, last.crashes(phase), Long::sum);
    }
  }

  /** The lowest seed that failed is told, so that threads make no difference. */
  private synchronized void failed(long seed, Throwable cause) {
    if (seed < failedSeed) {
      failedSeed = seed;
      failure = cause;
    }
  }

  private synchronized void spent(long nanos) {
    cpuNanos += nanos;
  }
}
