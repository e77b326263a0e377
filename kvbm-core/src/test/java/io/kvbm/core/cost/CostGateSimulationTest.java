package io.kvbm.core.cost;

import static io.kvbm.core.cost.SimulatedServing.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.core.cost.Decision.Reason;
import io.kvbm.core.cost.SimulatedServing.Served;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a run of 3000 requests takes with the gate, against a run without a cache. */
class CostGateSimulationTest {

  private static final int REQUESTS = 3000;
  private static final int MOST_BLOCKS = 300;
  private static final double FAST = 10e9;
  private static final double SLOW = 1e6;

  /** When a route turns slow. */
  private static final long TURN = 20 * SECOND;

  private static SimulatedServing serving(
      int kib, int tokens, LongToDoubleFunction bytesPerSecond, double noise) {
    long seed = ThreadLocalRandom.current().nextLong();
    System.out.println("cost gate simulation, seed " + seed);
    return serving(kib, tokens, bytesPerSecond, noise, seed);
  }

  private static SimulatedServing serving(
      int kib, int tokens, LongToDoubleFunction bytesPerSecond, double noise, long seed) {
    return new SimulatedServing(
        GateMode.ENFORCE,
        new RecomputeCost(8000, 2e-9, tokens),
        (long) kib << 10,
        bytesPerSecond,
        noise,
        seed);
  }

  @ParameterizedTest
  @CsvSource({"256, 16", "2048, 16", "256, 512", "2048, 512"})
  void aFastRouteIsNeverRefusedALoadThatWins(int kib, int tokens) {
    SimulatedServing run = serving(kib, tokens, _ -> FAST, 0);
    run.serve(REQUESTS, MOST_BLOCKS);

    assertThat(run.served.subList(1, REQUESTS))
        .allMatch(one -> one.decision().loadBlocks() == one.blocks())
        .allMatch(one -> one.nanos() <= one.computedNanos());
    assertThat(run.gate.statistics().avoidedBlocks()).isLessThanOrEqualTo(MOST_BLOCKS);
    assertThat(run.gate.statistics().probes()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"256, 16", "2048, 16", "256, 512", "2048, 512"})
  void aSlowRouteCostsNextToNothing(int kib, int tokens) {
    SimulatedServing run = serving(kib, tokens, _ -> SLOW, 0);
    run.serve(REQUESTS, MOST_BLOCKS);

    // Also if every probe had been waited for.
    assertThat(run.totalNanos() + run.probeNanos)
        .isLessThanOrEqualTo(1.01 * run.totalComputedNanos());
    assertThat(run.served.subList(20, REQUESTS))
        .allMatch(one -> one.nanos() <= one.computedNanos() + 2);
    assertThat(run.gate.statistics().probes()).isPositive();
  }

  @ParameterizedTest
  @CsvSource({"256, 16", "2048, 16", "256, 512", "2048, 512"})
  void aRouteThatTurnsSlowIsLeftAndFoundAgain(int kib, int tokens) {
    long seed = ThreadLocalRandom.current().nextLong();
    System.out.println("cost gate simulation, seed " + seed);
    leaveAndFindAgain(kib, tokens, seed);
  }

  /** A latency read off two large loads, that was none, put the next look off for over an hour. */
  @ParameterizedTest
  @ValueSource(longs = {2839302516602847562L, -8672849893723558979L, 7761502385808089865L})
  void aLatencyThatIsNonePutsNoLookOff(long seed) {
    leaveAndFindAgain(256, 16, seed);
  }

  /** Slow rounds that were taken for pauses of the machine let more than one request through. */
  @ParameterizedTest
  @CsvSource({"256, 961", "256, -3374340255414717331", "2048, 288", "2048, 363", "2048, 482"})
  void oneRequestAtMostIsLostToARouteThatTurnsSlow(int kib, long seed) {
    leave(kib, 512, seed);
  }

  @ParameterizedTest
  @Tag("slow")
  @CsvSource({"256, 961", "256, -3374340255414717331", "2048, 288", "2048, 363", "2048, 482"})
  void aRouteThatAFewRequestsFoundSlowIsFoundAgain(int kib, long seed) {
    leaveAndFindAgain(kib, 512, seed);
  }

  private static void leaveAndFindAgain(int kib, int tokens, long seed) {
    SimulatedServing run = leave(kib, tokens, seed);
    long end = TURN + 2 * spanOf(kib, tokens);
    int again = run.served.size();
    while (run.now() < end) {
      run.serve(1, MOST_BLOCKS);
    }
    List<Served> fast = run.served.subList(again, run.served.size());
    long refused = fast.stream().filter(one -> one.decision().avoidedBlocks() > 0).count();
    assertThat(fast.getLast().decision().reason()).isEqualTo(Reason.LOAD_ALL);
    assertThat(refused).isLessThan(fast.size() / 2);
  }

  /** {@return a run whose route was fast, then slow until now, and is fast from now on} */
  private static SimulatedServing leave(int kib, int tokens, long seed) {
    long span = spanOf(kib, tokens);
    LongToDoubleFunction speed = at -> at > TURN && at < TURN + span ? SLOW : FAST;
    SimulatedServing run = serving(kib, tokens, speed, 0, seed);
    while (run.now() < TURN) {
      run.serve(1, MOST_BLOCKS);
    }
    int from = run.served.size();
    while (run.now() < TURN + span) {
      run.serve(1, MOST_BLOCKS);
    }
    List<Served> slow = run.served.subList(from, run.served.size());
    double lost = slow.stream().mapToDouble(one -> one.nanos() - one.computedNanos()).sum();
    double computed = slow.stream().mapToDouble(Served::computedNanos).sum();
    // One request may be on its way when the route turns: it can lose what computing it takes.
    double largest = slow.stream().mapToDouble(Served::computedNanos).max().orElse(0);
    assertThat(lost).isLessThanOrEqualTo(0.01 * computed + largest);
    return run;
  }

  /** Long enough for the gate to look again; a block takes longer the larger it is. */
  private static long spanOf(int kib, int tokens) {
    double blockNanos = kib * 1024 / SLOW * SECOND;
    return (long) (Math.max(blockNanos * 1500, SECOND / 8000.0 * tokens * MOST_BLOCKS * 100));
  }

  @ParameterizedTest
  @CsvSource({"256, 16", "2048, 16", "256, 512", "2048, 512"})
  void noiseMakesTheGateNeitherBlindNorReckless(int kib, int tokens) {
    int runs = 5; // of one alone the share refused says little
    long refused = 0;
    for (int i = 0; i < runs; i++) {
      SimulatedServing run = serving(kib, tokens, _ -> FAST, 0.7);
      run.serve(REQUESTS, MOST_BLOCKS);
      refused += run.served.stream().filter(one -> one.decision().avoidedBlocks() > 0).count();
      assertThat(run.totalNanos()).isLessThan(0.6 * run.totalComputedNanos());
    }
    assertThat(refused).isLessThan(runs * REQUESTS / 100);

    SimulatedServing slow = serving(kib, tokens, _ -> SLOW, 0.7);
    slow.serve(REQUESTS, MOST_BLOCKS);
    assertThat(slow.totalNanos()).isLessThanOrEqualTo(1.01 * slow.totalComputedNanos());
  }

  @ParameterizedTest
  @CsvSource({"256, 16", "2048, 16", "256, 512", "2048, 512"})
  void aRouteThatStallsForEverCostsOnceItsPatience(int kib, int tokens) {
    SimulatedServing run = serving(kib, tokens, at -> at < 10 * SECOND ? FAST : 0, 0);
    run.serve(REQUESTS, MOST_BLOCKS);

    assertThat(run.totalNanos()).isLessThanOrEqualTo(1.01 * run.totalComputedNanos());
    long slower = run.served.stream().filter(one -> one.nanos() > one.computedNanos() + 2).count();
    assertThat(slower).isLessThanOrEqualTo(2);
    assertThat(run.served.getLast().decision().loadBlocks()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"2000000000, 16", "400000000, 16"})
  void latencyIsToldFromBandwidth(long bytesPerSecond, int tokens) {
    SimulatedServing run = serving(256, tokens, _ -> bytesPerSecond, 0).withLatency(5_000_000);
    run.serve(REQUESTS, MOST_BLOCKS);
    for (Served one : run.served.subList(100, REQUESTS)) {
      double load = 5e6 + one.blocks() * (256 << 10) * 1e9 / bytesPerSecond;
      if (load < 0.8 * one.computedNanos()) {
        assertThat(one.decision().loadBlocks()).as("%s", one).isEqualTo(one.blocks());
      }
      if (load > 1.25 * one.computedNanos()) {
        assertThat(one.decision().loadBlocks()).as("%s", one).isLessThan(one.blocks());
      }
    }
  }
}
