package io.kvbm.core.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeadlinesTest {

  private static final long MILLI = 1_000_000;
  private static final long HOUR = 3_600_000 * MILLI;

  private final List<String> ran = new ArrayList<>();

  @Test
  void aTaskRunsAtItsDeadlineAndNotBefore() {
    Deadlines deadlines = Deadlines.manual(0);
    deadlines.schedule(5 * MILLI + 1, () -> ran.add("task"));

    deadlines.advanceTo(5 * MILLI);
    assertThat(ran).isEmpty();
    deadlines.advanceTo(5 * MILLI + 1);
    assertThat(ran).containsExactly("task");
    assertThat(deadlines.pendingCount()).isZero();
    deadlines.advanceTo(HOUR);
    assertThat(ran).hasSize(1);
  }

  @Test
  void aDeadlineThatPassedIsDueAtOnce() {
    Deadlines deadlines = Deadlines.manual(7 * MILLI);
    deadlines.schedule(-HOUR, () -> ran.add("past"));
    deadlines.advanceTo(7 * MILLI);

    assertThat(ran).containsExactly("past");
  }

  @Test
  void tasksRunInTheOrderOfTheirDeadlines() {
    Deadlines deadlines = Deadlines.manual(0);
    deadlines.schedule(HOUR, () -> ran.add("hour"));
    deadlines.schedule(30, () -> ran.add("30"));
    deadlines.schedule(20, () -> ran.add("20"));
    deadlines.schedule(5 * MILLI, () -> ran.add("5ms"));
    deadlines.advanceTo(2 * HOUR);

    assertThat(ran).containsExactly("20", "30", "5ms", "hour");
  }

  @Test
  void aCancelledTaskDoesNotRun() {
    Deadlines deadlines = Deadlines.manual(0);
    Cancellable cancelled = deadlines.schedule(10, () -> ran.add("cancelled"));
    Cancellable kept = deadlines.schedule(10, () -> ran.add("kept"));

    assertThat(cancelled.cancel()).isTrue();
    assertThat(cancelled.cancel()).isFalse();
    deadlines.advanceTo(10);
    assertThat(ran).containsExactly("kept");
    assertThat(kept.cancel()).isFalse();
  }

  @Test
  void cancellingLateDoesNotHitTheTaskThatTookThePlace() {
    Deadlines deadlines = Deadlines.manual(0);
    Cancellable early = deadlines.schedule(10, () -> ran.add("early"));
    deadlines.advanceTo(10);
    deadlines.schedule(20, () -> ran.add("late"));

    assertThat(early.cancel()).isFalse();
    deadlines.advanceTo(20);
    assertThat(ran).containsExactly("early", "late");
  }

  @Test
  void aTaskMayCancelOneThatIsDueWithIt() {
    Deadlines deadlines = Deadlines.manual(0);
    List<Cancellable> later = new ArrayList<>();
    deadlines.schedule(10, () -> ran.add("cancels " + later.getFirst().cancel()));
    later.add(deadlines.schedule(11, () -> ran.add("later")));
    deadlines.advanceTo(20);

    assertThat(ran).containsExactly("cancels true");
  }

  @Test
  void aTaskMayScheduleAnotherThatIsDue() {
    Deadlines deadlines = Deadlines.manual(0);
    deadlines.schedule(10, () -> deadlines.schedule(15, () -> ran.add("second")));
    deadlines.advanceTo(20);

    assertThat(ran).containsExactly("second");
  }

  @Test
  void aTaskThatThrowsDoesNotStopTheOthers() {
    Deadlines deadlines = Deadlines.manual(0);
    deadlines.schedule(
        10,
        () -> {
          throw new ArithmeticException("expected by the test");
        });
    deadlines.schedule(11, () -> ran.add("next"));
    deadlines.advanceTo(11);

    assertThat(ran).containsExactly("next");
  }

  @Test
  void theDeadlineNeverNeverComes() {
    Deadlines deadlines = Deadlines.manual(-HOUR);
    Cancellable never = deadlines.schedule(Deadlines.NEVER, () -> ran.add("never"));
    deadlines.scheduleAfter(Long.MAX_VALUE, () -> ran.add("in 292 years"));
    deadlines.advanceTo(HOUR);

    assertThat(ran).isEmpty();
    assertThat(never.cancel()).isTrue();
  }

  @Test
  void aClockMayPassTheEndOfItsRange() {
    long start = Long.MAX_VALUE - 5;
    Deadlines deadlines = Deadlines.manual(start);
    deadlines.scheduleAfter(10, () -> ran.add("wrapped"));
    deadlines.advanceTo(start + 9);
    assertThat(ran).isEmpty();
    deadlines.advanceTo(start + 10);

    assertThat(ran).containsExactly("wrapped");
  }

  @Test
  void closingCancelsAndRefusesMore() {
    Deadlines deadlines = Deadlines.manual(0);
    Cancellable task = deadlines.schedule(10, () -> ran.add("task"));
    deadlines.close();
    deadlines.close();
    deadlines.advanceTo(20);

    assertThat(ran).isEmpty();
    assertThat(task.cancel()).isFalse();
    assertThatExceptionOfType(ClosedException.class)
        .isThrownBy(() -> deadlines.schedule(30, () -> {}));
  }

  @Test
  void timeIsSetForwardAndByHandOnly() {
    Deadlines deadlines = Deadlines.manual(10);
    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> deadlines.advanceTo(9))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
    try (Deadlines threaded = Deadlines.threaded(Clock.SYSTEM)) {
      assertThatExceptionOfType(CallerException.class)
          .isThrownBy(() -> threaded.advanceTo(9))
          .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void agreesWithASortedListOnRandomCalls(long seed) {
    Random random = new Random(seed);
    long now = random.nextLong() >> 2;
    Deadlines deadlines = Deadlines.manual(now);
    List<Long> ranAt = new ArrayList<>();
    List<Long> expected = new ArrayList<>();
    for (int step = 0; step < 1_500; step++) {
      long deadline = now + (random.nextLong(1L << random.nextInt(10, 44)));
      Cancellable task = deadlines.schedule(deadline, () -> ranAt.add(deadline));
      if (random.nextInt(3) == 0) {
        assertThat(task.cancel()).as("seed %d step %d", seed, step).isTrue();
      } else {
        expected.add(deadline);
      }
      if (random.nextInt(4) == 0) {
        now += random.nextLong(1L << random.nextInt(10, 40));
        deadlines.advanceTo(now);
        long reached = now;
        List<Long> due = expected.stream().filter(time -> time <= reached).sorted().toList();
        assertThat(ranAt).as("seed %d step %d", seed, step).isEqualTo(due);
        expected.removeAll(due);
        ranAt.clear();
        assertThat(deadlines.pendingCount()).isEqualTo(expected.size());
      }
    }
  }

  @Test
  void aThreadOfItsOwnRunsWhatIsDue() throws InterruptedException {
    CountDownLatch done = new CountDownLatch(2);
    List<Thread> threads = new ArrayList<>();
    try (Deadlines deadlines = Deadlines.threaded(Clock.SYSTEM)) {
      deadlines.scheduleAfter(HOUR, () -> ran.add("not in this test"));
      deadlines.scheduleAfter(
          3 * MILLI,
          () -> {
            threads.add(Thread.currentThread());
            done.countDown();
          });
      deadlines.scheduleAfter(0, done::countDown);
      assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(ran).isEmpty();
    assertThat(threads.getFirst().isDaemon()).isTrue();
    assertThat(threads.getFirst().isAlive()).as("the thread ends with close").isFalse();
  }

  @Test
  void deadlinesThatAreAllMetInTimeLeaveNothingBehind() throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    try (Deadlines deadlines = Deadlines.threaded(Clock.SYSTEM)) {
      for (int i = 0; i < 20_000; i++) {
        assertThat(deadlines.scheduleAfter(HOUR, () -> ran.add("late")).cancel()).isTrue();
      }
      assertThat(deadlines.pendingCount()).isZero();
      deadlines.scheduleAfter(MILLI, done::countDown);
      assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(ran).isEmpty();
  }

  @Test
  void aTaskMayCloseItsOwnDeadlines() throws InterruptedException {
    CountDownLatch closed = new CountDownLatch(1);
    Deadlines deadlines = Deadlines.threaded(Clock.SYSTEM);
    deadlines.scheduleAfter(
        0,
        () -> {
          deadlines.close();
          closed.countDown();
        });

    assertThat(closed.await(30, TimeUnit.SECONDS)).isTrue();
    deadlines.close();
    assertThatExceptionOfType(ClosedException.class)
        .isThrownBy(() -> deadlines.scheduleAfter(0, () -> {}));
  }
}
