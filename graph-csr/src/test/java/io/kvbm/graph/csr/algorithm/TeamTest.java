package io.kvbm.graph.csr.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TeamTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void everyChunkIsWorkedOnOnce(int threads) {
    try (Team team = new Team(AlgorithmOptions.DEFAULT.withThreads(threads))) {
      for (int phase = 0; phase < 500; phase++) {
        int size = phase % 50;
        AtomicIntegerArray taken = new AtomicIntegerArray(size);
        team.run(
            size,
            1 + phase % 4,
            (from, to, worker) -> {
              assertThat(worker).isBetween(0, threads - 1);
              for (int i = from; i < to; i++) {
                taken.incrementAndGet(i);
              }
              return 0;
            });
        for (int i = 0; i < size; i++) {
          assertThat(taken.get(i)).isOne();
        }
      }
    }
  }

  @Test
  void everyThreadTakesPart() throws InterruptedException {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    try (Team team = new Team(AlgorithmOptions.DEFAULT.withThreads(3))) {
      for (int phase = 0; phase < 3; phase++) {
        CountDownLatch all = new CountDownLatch(3);
        team.run(
            3,
            1,
            (_, _, _) -> {
              threads.add(Thread.currentThread());
              all.countDown();
              awaitOthers(all);
              return 0;
            });
      }
    }
    assertThat(threads).hasSize(3).contains(Thread.currentThread());
    threads.remove(Thread.currentThread());
    assertThat(threads)
        .allMatch(Thread::isDaemon)
        .allMatch(thread -> thread.getName().startsWith("kvbm-graph-"));
    for (Thread thread : threads) {
      thread.join(10_000);
      assertThat(thread.isAlive()).isFalse();
    }
  }

  private static void awaitOthers(CountDownLatch all) {
    try {
      all.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whatAnyThreadThrowsReachesTheCallerAndTheTeamGoesOn() {
    try (Team team = new Team(AlgorithmOptions.DEFAULT.withThreads(3))) {
      for (int phase = 0; phase < 100; phase++) {
        int bad = phase;
        assertThatThrownBy(
                () ->
                    team.run(
                        100,
                        1,
                        (from, _, _) -> {
                          if (from == bad) {
                            if (bad % 2 == 0) {
                              throw new IllegalStateException("chunk");
                            }
                            throw new AssertionError("chunk");
                          }
                          return 0;
                        }))
            .hasMessage("chunk");
      }
      AtomicLong sum = new AtomicLong();
      team.run(10, 1, (from, _, _) -> sum.addAndGet(from));
      assertThat(sum).hasValue(45);
    }
  }

  @Test
  void anInterruptedCallerWaitsForTheOthersAndStaysInterrupted() {
    try (Team team = new Team(AlgorithmOptions.DEFAULT.withThreads(2))) {
      CountDownLatch both = new CountDownLatch(2);
      AtomicLong ended = new AtomicLong();
      Thread caller = Thread.currentThread();
      team.run(
          2,
          1,
          (_, _, worker) -> {
            both.countDown();
            awaitOthers(both);
            if (worker == 0) {
              caller.interrupt();
            } else {
              for (int i = 0; i < 100_000; i++) {
                Thread.onSpinWait();
              }
            }
            ended.incrementAndGet();
            return 0;
          });
      assertThat(Thread.interrupted()).isTrue();
      assertThat(ended).hasValue(2);
    }
  }

  @Test
  void whatATeamOfOneLooksAtCountsForTheTeam() {
    AlgorithmOptions options = AlgorithmOptions.DEFAULT.withThreads(2).withEdgeBudget(10);
    try (Team team = new Team(options)) {
      Team alone = team.alone();
      assertThat(alone.threads()).isOne();
      alone.run(1, 1, (_, _, _) -> 7);
      assertThatThrownBy(() -> team.run(1, 1, (_, _, _) -> 4))
          .hasMessage("looked at 11 entries of rows, over the budget of 10");
    }
  }
}
