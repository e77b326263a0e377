package io.kvbm.core.time;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.agrona.DeadlineTimerWheel;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks when their deadline has passed, never before it, in the order of the deadlines.
 *
 * <p>{@link #threaded} owns one daemon thread, which is started with the first deadline and parked
 * until the earliest one that is pending; with none pending it stays parked. It looks at most once
 * per tick of about one millisecond, so a task may run that much late. {@link #manual} has no
 * thread and is exact: time passes when a test calls {@link #advanceTo}. Scheduling and cancelling
 * are O(1), on a timer wheel.
 *
 * <p>Threading: safe from any thread. Tasks run one after another on the thread, or in {@code
 * advanceTo}, with no lock held: they must be short. What they throw is logged and the next one
 * runs.
 */
public final class Deadlines implements AutoCloseable {

  /** The deadline that never comes. */
  public static final long NEVER = Long.MAX_VALUE;

  private static final System.Logger LOG = System.getLogger(Deadlines.class.getName());
  private static final long TICK_NANOS = 1 << 20;
  private static final int TICKS_PER_WHEEL = 1024;
  private static final int TIMERS_PER_TICK = 4;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition earlier = lock.newCondition();
  private final @Nullable Clock clock;

  /** The wheel counts from 0 here, since a clock may start anywhere, also below 0. */
  private final long originNanos;

  private final DeadlineTimerWheel wheel =
      new DeadlineTimerWheel(TimeUnit.NANOSECONDS, 0, TICK_NANOS, TICKS_PER_WHEEL, TIMERS_PER_TICK);
  private final Long2ObjectHashMap<Task> tasks = new Long2ObjectHashMap<>();

  /**
   * No deadline is pending before this time, relative to the origin. Cancelling leaves it as it is,
   * so that a stream of deadlines that are all met in time wakes the thread once in a while and not
   * once per deadline.
   */
  private long wakeUp = NEVER;

  /** When the wheel was turned last, relative to the origin. */
  private long turnedAt = -TICK_NANOS;

  private long manualNanos;
  private boolean closed;
  private @Nullable Thread thread;

  private Deadlines(@Nullable Clock clock, long originNanos) {
    this.clock = clock;
    this.originNanos = originNanos;
    manualNanos = originNanos;
  }

  /**
   * {@return deadlines that a thread of their own watches}
   *
   * @param clock time; it must pass, as the thread waits for as long as the clock says is left
   */
  public static Deadlines threaded(Clock clock) {
    return new Deadlines(clock, clock.nanoTime());
  }

  /**
   * {@return deadlines without a thread}
   *
   * @param nowNanos the time until {@link #advanceTo} is called
   */
  public static Deadlines manual(long nowNanos) {
    return new Deadlines(null, nowNanos);
  }

  /**
   * {@return the time deadlines are measured against, in nanoseconds; only differences mean
   * something}
   */
  public long nanoTime() {
    if (clock != null) {
      return clock.nanoTime();
    }
    lock.lock();
    try {
      return manualNanos;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Schedules a task.
   *
   * @param deadlineNanos when, in {@link #nanoTime()}; a time that has passed means at once, {@link
   *     #NEVER} never
   * @param task what to run
   * @return cancels it
   * @throws ClosedException if these deadlines are closed
   */
  public Cancellable schedule(long deadlineNanos, Runnable task) {
    return enter(task, deadlineNanos == NEVER ? NEVER : deadlineNanos - originNanos);
  }

  /**
   * Schedules a task some time from now.
   *
   * @param delayNanos how long from now
   * @param task what to run
   * @return cancels it
   * @throws ClosedException if these deadlines are closed
   */
  public Cancellable scheduleAfter(long delayNanos, Runnable task) {
    long elapsed = nanoTime() - originNanos;
    return enter(task, delayNanos > NEVER - elapsed ? NEVER : elapsed + delayNanos);
  }

  /** {@return how many deadlines are pending} */
  public int pendingCount() {
    lock.lock();
    try {
      return tasks.size();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Lets time pass and runs what is due, also what due tasks schedule for a time not after it.
   *
   * @param nowNanos the new time, not before the present one
   * @throws CallerException if time would run backwards or passes by itself, on a thread
   */
  public void advanceTo(long nowNanos) {
    if (clock != null) {
      throw new CallerException(
          ErrorCode.UNSUPPORTED,
          "these deadlines follow a clock: use Deadlines.manual to set time");
    }
    lock.lock();
    try {
      if (nowNanos - manualNanos < 0) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT,
            "time cannot run backwards, from %d to %d ns".formatted(manualNanos, nowNanos));
      }
      manualNanos = nowNanos;
    } finally {
      lock.unlock();
    }
    List<Task> due;
    do {
      due = takeDue(nowNanos);
      due.forEach(Task::run);
    } while (!due.isEmpty());
  }

  /**
   * Cancels all that is pending and ends the thread; waits for a task that runs, unless called by
   * it. Idempotent.
   */
  @Override
  public void close() {
    Thread running;
    lock.lock();
    try {
      closed = true;
      tasks.clear();
      wheel.clear();
      earlier.signalAll();
      running = thread;
    } finally {
      lock.unlock();
    }
    if (running != null && running != Thread.currentThread()) {
      joinUninterruptibly(running);
    }
  }

  /** Schedules a task at a time relative to the origin. */
  private Task enter(Runnable action, long deadline) {
    lock.lock();
    try {
      if (closed) {
        throw new ClosedException(
            ErrorCode.CLOSED, "deadlines are closed: schedule nothing after close()");
      }
      Task task = new Task(action, Math.max(0, deadline));
      if (deadline != NEVER) {
        turnOn(task);
      }
      return task;
    } finally {
      lock.unlock();
    }
  }

  private void turnOn(Task task) {
    if (tasks.isEmpty()) {
      // Nothing is in the wheel: it may skip the ticks of the idle time.
      wheel.currentTickTime(nanoTime() - originNanos);
    }
    task.id = wheel.scheduleTimer(task.deadline);
    tasks.put(task.id, task);
    if (task.deadline < wakeUp) {
      wakeUp = task.deadline;
      earlier.signal();
    }
    if (clock != null && thread == null) {
      thread = Thread.ofPlatform().daemon().name("kvbm-deadlines").start(this::runUntilClosed);
    }
  }

  private void runUntilClosed() {
    while (awaitWakeUp()) {
      takeDue(nanoTime()).forEach(Task::run);
    }
  }

  /** Waits for the earliest deadline and returns true, or returns false when closed. */
  private boolean awaitWakeUp() {
    lock.lock();
    try {
      while (!closed) {
        if (wakeUp == NEVER) {
          earlier.awaitUninterruptibly();
          continue;
        }
        long now = nanoTime() - originNanos;
        long left = Math.max(wakeUp, turnedAt + TICK_NANOS) - now;
        if (left <= 0) {
          return true;
        }
        awaitNanos(left);
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  @SuppressWarnings("WaitNotInLoop") // the loop is the caller's
  private void awaitNanos(long nanos) {
    try {
      earlier.awaitNanos(nanos);
    } catch (InterruptedException e) {
      // Nobody has a reason to interrupt this thread: only close() ends it. The flag stays cleared,
      // so it can wait.
      LOG.log(System.Logger.Level.DEBUG, "interrupt of the deadlines thread ignored", e);
    }
  }

  private List<Task> takeDue(long nowNanos) {
    lock.lock();
    try {
      long now = nowNanos - originNanos;
      if (wakeUp > now) {
        return List.of();
      }
      List<Task> due = new ArrayList<>();
      turnWheel(now, due);
      turnedAt = now;
      wakeUp = earliestPending();
      due.sort(Comparator.comparingLong(task -> task.deadline));
      return due;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Visits each tick up to now, and after a long wait each place of the wheel no more than twice.
   */
  private void turnWheel(long now, List<Task> due) {
    DeadlineTimerWheel.TimerHandler collect =
        (unit, time, id) -> {
          due.add(tasks.remove(id));
          return true;
        };
    long before;
    int ticks = 0;
    do {
      before = wheel.currentTickTime();
      wheel.poll(now, collect, Integer.MAX_VALUE);
      if (++ticks == TICKS_PER_WHEEL) {
        wheel.currentTickTime(now);
      }
    } while (wheel.currentTickTime() != before);
  }

  private long earliestPending() {
    long earliest = NEVER;
    for (Task task : tasks.values()) {
      earliest = Math.min(earliest, task.deadline);
    }
    return earliest;
  }

  private static void joinUninterruptibly(Thread running) {
    boolean interrupted = false;
    while (running.isAlive()) {
      try {
        running.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** A task and where it is: in the wheel, on its way to run, or finished. */
  private final class Task implements Cancellable {
    private final Runnable action;
    private final long deadline;
    private long id = DeadlineTimerWheel.NULL_DEADLINE;
    private boolean finished;

    Task(Runnable action, long deadline) {
      this.action = action;
      this.deadline = deadline;
    }

    @Override
    public boolean cancel() {
      lock.lock();
      try {
        if (!finish()) {
          return false;
        }
        // The wheel gives an id to another timer once its own is gone.
        if (tasks.get(id) == this) {
          tasks.remove(id);
          wheel.cancelTimer(id);
        }
        return true;
      } finally {
        lock.unlock();
      }
    }

    void run() {
      lock.lock();
      try {
        if (!finish()) {
          return;
        }
      } finally {
        lock.unlock();
      }
      try {
        action.run();
      } catch (RuntimeException | Error e) {
        LOG.log(System.Logger.Level.ERROR, "a task failed at its deadline", e);
      }
    }

    /**
     * Ends the task and returns true, or returns false where it has ended or everything is closed.
     */
    private boolean finish() {
      boolean mayFinish = !finished && !closed;
      finished = true;
      return mayFinish;
    }
  }
}
