package io.kvbm.bench.collections;

import io.kvbm.api.spi.Clock;
import io.kvbm.core.time.Cancellable;
import io.kvbm.core.time.Deadlines;
import java.util.PriorityQueue;
import java.util.TreeSet;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.agrona.DeadlineTimerWheel;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Timers, with ten thousand of them pending that are due within thirty seconds: as many transfers,
 * each with its deadline. Nearly all of them are met, so that cancelling is the common end of a
 * timer.
 */
@BenchmarkMode(Mode.AverageTime)
public class TimerBenchmark {

  private static final int PENDING = 10_000;
  private static final long HORIZON_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long TICK_NANOS = 1 << 20;
  private static final int TICKS_PER_WHEEL = 1024;
  private static final int TIMERS_PER_TICK = 4;

  private record Timer(long deadline, long id) implements Comparable<Timer> {

    @Override
    public int compareTo(Timer other) {
      int byDeadline = Long.compare(deadline, other.deadline);
      return byDeadline != 0 ? byDeadline : Long.compare(id, other.id);
    }
  }

  /** Deadlines that differ, without a random number for each. */
  private static long delay(long step) {
    return 1 + Math.floorMod(step * 0x9E3779B97F4A7C15L, HORIZON_NANOS);
  }

  /** The bare structures, and a time that passes by as much as each timer needs to come due. */
  @State(Scope.Thread)
  public static class Bare {

    private final DeadlineTimerWheel wheel =
        new DeadlineTimerWheel(
            TimeUnit.NANOSECONDS, 0, TICK_NANOS, TICKS_PER_WHEEL, TIMERS_PER_TICK);
    private final TreeSet<Timer> tree = new TreeSet<>();
    private final PriorityQueue<Timer> queue = new PriorityQueue<>();
    private long now;
    private long step;
    private long expired;

    /** Makes all pending. */
    @Setup(Level.Trial)
    public void fill() {
      for (; step < PENDING; step++) {
        Timer timer = new Timer(delay(step), step);
        wheel.scheduleTimer(timer.deadline);
        tree.add(timer);
        queue.add(timer);
      }
    }

    /** Time passes so fast that about as many timers come due as are scheduled. */
    private void passTime() {
      step++;
      now += HORIZON_NANOS / (2 * PENDING);
    }
  }

  /** The structures with their locks and threads. */
  @State(Scope.Thread)
  public static class Threaded {

    @SuppressWarnings("UnnecessaryLambda") // one and the same object for every timer
    private static final Runnable NOTHING = () -> {};

    private final Deadlines deadlines = Deadlines.threaded(Clock.SYSTEM);
    private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1);
    private long step;

    /** Makes all pending, far enough away that none comes due while it is measured. */
    @Setup(Level.Trial)
    @SuppressWarnings("FutureReturnValueIgnored") // they stay pending to the end
    public void fill() {
      executor.setRemoveOnCancelPolicy(true);
      for (; step < PENDING; step++) {
        deadlines.scheduleAfter(HORIZON_NANOS * 100 + delay(step), NOTHING);
        executor.schedule(NOTHING, HORIZON_NANOS * 100 + delay(step), TimeUnit.NANOSECONDS);
      }
    }

    /** Ends the threads. */
    @TearDown(Level.Trial)
    public void close() {
      deadlines.close();
      executor.shutdownNow();
    }
  }

  /** A timer is set and cancelled. */
  @Benchmark
  public boolean cancelWheel(Bare bare) {
    return bare.wheel.cancelTimer(bare.wheel.scheduleTimer(bare.now + delay(bare.step++)));
  }

  /** The peer of {@link #cancelWheel}. */
  @Benchmark
  public boolean cancelTree(Bare bare) {
    Timer timer = new Timer(bare.now + delay(bare.step), bare.step++);
    bare.tree.add(timer);
    return bare.tree.remove(timer);
  }

  /** A timer is set and time passes. */
  @Benchmark
  public long expireWheel(Bare bare) {
    bare.passTime();
    bare.wheel.scheduleTimer(bare.now + delay(bare.step));
    while (bare.wheel.currentTickTime() <= bare.now) {
      bare.wheel.poll(
          bare.now,
          (unit, time, id) -> {
            bare.expired++;
            return true;
          },
          Integer.MAX_VALUE);
    }
    return bare.expired;
  }

  /** The peer of {@link #expireWheel}. */
  @Benchmark
  public long expireQueue(Bare bare) {
    bare.passTime();
    bare.queue.add(new Timer(bare.now + delay(bare.step), bare.step));
    while (!bare.queue.isEmpty() && bare.queue.peek().deadline <= bare.now) {
      bare.queue.remove();
      bare.expired++;
    }
    return bare.expired;
  }

  /** A deadline is set and met. */
  @Benchmark
  public boolean meetDeadlines(Threaded threaded) {
    Cancellable pending =
        threaded.deadlines.scheduleAfter(HORIZON_NANOS + delay(threaded.step++), Threaded.NOTHING);
    return pending.cancel();
  }

  /** The peer of {@link #meetDeadlines}. */
  @Benchmark
  public boolean meetExecutor(Threaded threaded) {
    ScheduledFuture<?> pending =
        threaded.executor.schedule(
            Threaded.NOTHING, HORIZON_NANOS + delay(threaded.step++), TimeUnit.NANOSECONDS);
    return pending.cancel(false);
  }
}
