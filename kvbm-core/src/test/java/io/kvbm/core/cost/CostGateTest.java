package io.kvbm.core.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.core.cost.Decision.Reason;
import io.kvbm.core.cost.RouteEstimate.Basis;
import io.kvbm.testkit.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class CostGateTest {

  private static final String HOST = RouteCosts.routeName("host", "device");
  private static final String DISK = RouteCosts.routeName("disk", "device");
  private static final long MILLI = 1_000_000;
  private static final long BLOCK = 1_000_000;

  /** 2 ms a block. */
  private static final RecomputeCost RECOMPUTE = new RecomputeCost(8000, 0, 16);

  private final ManualClock clock = new ManualClock();
  private final RouteCosts costs = new RouteCosts(clock);

  private CostGate gate(GateMode mode) {
    return new CostGate(mode, RECOMPUTE, costs);
  }

  private void pass(long nanos) {
    clock.advance(Duration.ofNanos(nanos));
  }

  private void measure(String route, long byteSize, long nanos) {
    Flight flight = costs.begin(route, byteSize);
    pass(nanos);
    flight.end(byteSize);
  }

  private static RoutePlan plan(int present, int host, int disk) {
    List<String> routes = new ArrayList<>(Collections.nCopies(present, RoutePlan.PRESENT));
    routes.addAll(Collections.nCopies(host, HOST));
    routes.addAll(Collections.nCopies(disk, DISK));
    return new RoutePlan(routes, BLOCK);
  }

  @Test
  void computingLaterBlocksCostsMore() {
    RecomputeCost cost = new RecomputeCost(1000, 1e-6, 10);
    assertThat(cost.nanos(0, 1)).isCloseTo(10e6 + 100e3, within(1.0));
    assertThat(cost.nanos(1, 2)).isCloseTo(10e6 + 300e3, within(1.0));
    assertThat(cost.nanos(0, 1) + cost.nanos(1, 7)).isCloseTo(cost.nanos(0, 7), within(1.0));
    assertThat(cost.nanos(3, 3)).isZero();
    for (double[] bad : new double[][] {{0, 0, 1}, {1, -1, 1}, {1, 0, 0}, {Double.NaN, 0, 1}}) {
      assertThatThrownBy(() -> new RecomputeCost(bad[0], bad[1], (int) bad[2]))
          .isInstanceOf(ConfigurationException.class);
    }
  }

  @Test
  void anUnknownRouteIsTriedWithAFewBlocks() {
    Decision decision = gate(GateMode.ENFORCE).decide(plan(3, 20, 0));
    assertThat(decision.reason()).isEqualTo(Reason.LEARN);
    assertThat(decision.loadBlocks()).isEqualTo(11);
    assertThat(decision.avoidedBlocks()).isEqualTo(12);
    assertThat(decision.patienceNanos()).isEqualTo(8 * 2 * MILLI / 4);
  }

  @Test
  void aRouteIsTakenAtItsWordUntilItIsMeasured() {
    CostGate gate = gate(GateMode.ENFORCE);
    costs.assume(HOST, 0, 1e9);
    assertThat(gate.decide(plan(0, 100, 0)).loadBlocks()).isEqualTo(100);
    measure(HOST, 4 * BLOCK, 400 * MILLI);
    assertThat(gate.decide(plan(0, 100, 0)).loadBlocks()).isZero();
    assertThat(costs.estimate(HOST).basis()).isEqualTo(Basis.MEASURED);
    for (double[] bad : new double[][] {{-1, 1}, {0, 0}, {0, Double.NaN}}) {
      assertThatThrownBy(() -> costs.assume(HOST, (long) bad[0], bad[1]))
          .isInstanceOf(CallerException.class);
    }
  }

  @Test
  void thePrefixEndsWhereLoadingStopsToWin() {
    measure(HOST, 10 * BLOCK, 10 * MILLI);
    measure(DISK, 10 * BLOCK, 100 * MILLI);
    Decision decision = gate(GateMode.ENFORCE).decide(plan(2, 20, 30));
    assertThat(decision.reason()).isEqualTo(Reason.LOAD_SOME);
    // Two blocks of the disk take no longer than the twenty of the host beside them.
    assertThat(decision.loadBlocks()).isEqualTo(24);
    assertThat(decision.avoidedBlocks()).isEqualTo(28);
    assertThat(decision.loadNanos()).isEqualTo(20 * MILLI);
    assertThat(decision.recomputeNanos()).isEqualTo(28 * 2 * MILLI);
    assertThat(decision.patienceNanos()).isEqualTo(22 * 2 * MILLI);
  }

  @Test
  void blocksThatAreThereCostNothing() {
    measure(HOST, BLOCK, 100 * MILLI);
    Decision decision = gate(GateMode.ENFORCE).decide(plan(5, 5, 0));
    assertThat(decision.loadBlocks()).isEqualTo(5);
    assertThat(decision.reason()).isEqualTo(Reason.RECOMPUTE);
    assertThat(gate(GateMode.ENFORCE).decide(plan(5, 0, 0)).reason()).isEqualTo(Reason.LOAD_ALL);
    assertThat(gate(GateMode.ENFORCE).decide(plan(0, 0, 0)).loadBlocks()).isZero();
  }

  @Test
  void onlyEnforcingKeepsBlocksBelow() {
    measure(HOST, BLOCK, 100 * MILLI);
    Decision off = gate(GateMode.OFF).decide(plan(0, 9, 0));
    assertThat(off).isEqualTo(Decision.loadAll(9));
    CostGate gate = gate(GateMode.ADVISE);
    Decision advised = gate.decide(plan(0, 9, 0));
    assertThat(advised.loadBlocks()).isEqualTo(9);
    assertThat(advised.avoidedBlocks()).isEqualTo(9);
    assertThat(advised.reason()).isEqualTo(Reason.ADVISED);
    assertThat(advised.patienceNanos()).isEqualTo(Long.MAX_VALUE);
    assertThat(gate.statistics()).isEqualTo(new GateStatistics(1, 9, 9 * BLOCK, 0));
    assertThat(gate.decide(plan(4, 0, 0)).reason()).isEqualTo(Reason.LOAD_ALL);
  }

  @Test
  void aStalledRouteIsSlowBeforeItDrains() {
    measure(HOST, 10 * BLOCK, MILLI);
    Flight stalled = costs.begin(HOST, 10 * BLOCK);
    CostGate gate = gate(GateMode.ENFORCE);
    assertThat(gate.decide(plan(0, 10, 0)).loadBlocks()).isEqualTo(10);
    pass(100 * MILLI);
    assertThat(costs.estimate(HOST).slowdown()).isGreaterThan(90);
    assertThat(gate.decide(plan(0, 10, 0)).loadBlocks()).isZero();
    stalled.end(0);
    stalled.end(10 * BLOCK);
    assertThat(costs.estimate(HOST).slowdown()).isEqualTo(1);
    assertThat(costs.estimate(HOST).queuedByteSize()).isZero();
    assertThat(gate.decide(plan(0, 10, 0)).loadBlocks()).isEqualTo(10);
  }

  @Test
  void aFirstLoadThatHangsCountsToo() {
    Flight first = costs.begin(HOST, 8 * BLOCK);
    pass(1000 * MILLI);
    assertThat(costs.estimate(HOST).basis()).isEqualTo(Basis.UNDER_WAY);
    assertThat(gate(GateMode.ENFORCE).decide(plan(0, 10, 0)).loadBlocks()).isZero();
    first.end(8 * BLOCK);
  }

  @Test
  void whatIsQueuedComesFirst() {
    measure(HOST, 10 * BLOCK, 10 * MILLI);
    double alone = costs.estimate(HOST).loadNanos(BLOCK);
    costs.begin(HOST, 30 * BLOCK);
    costs.addWaiting(HOST, 25 * BLOCK);
    costs.addWaiting(HOST, -5 * BLOCK);
    assertThat(costs.estimate(HOST).loadNanos(BLOCK)).isCloseTo(51 * alone, within(1.0));
    assertThat(gate(GateMode.ENFORCE).decide(plan(0, 40, 0)).loadBlocks()).isZero();
  }

  @Test
  void oneOutlierChangesNothingAndTwoDo() {
    for (int i = 0; i < 5; i++) {
      measure(HOST, 10 * BLOCK, 10 * MILLI);
    }
    double before = costs.estimate(HOST).loadNanos(10 * BLOCK);
    measure(HOST, 10 * BLOCK, 5000 * MILLI);
    assertThat(costs.estimate(HOST).loadNanos(10 * BLOCK)).isEqualTo(before);
    measure(HOST, 10 * BLOCK, 10 * MILLI);
    measure(HOST, 10 * BLOCK, 4000 * MILLI);
    assertThat(costs.estimate(HOST).loadNanos(10 * BLOCK)).isCloseTo(before, within(1.0));
    measure(HOST, 10 * BLOCK, 4000 * MILLI);
    assertThat(costs.estimate(HOST).loadNanos(10 * BLOCK)).isCloseTo(4e9, within(1e6));
  }

  @Test
  void loadsInParallelShareTheRoute() {
    for (int round = 0; round < 4; round++) {
      List<Flight> flights = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        flights.add(costs.begin(HOST, BLOCK));
      }
      pass(8 * MILLI);
      flights.forEach(flight -> flight.end(BLOCK));
    }
    assertThat(costs.estimate(HOST).loadNanos(4 * BLOCK)).isCloseTo(8e6, within(1.0));
  }

  @Test
  void aSlowRouteIsProbedRarelyAndByOneAtATime() {
    measure(HOST, BLOCK, 100 * MILLI);
    CostGate gate = gate(GateMode.ENFORCE);
    assertThat(gate.decide(plan(0, 10, 0)).probeBlocks()).isZero();
    pass(99_000 * MILLI);
    assertThat(gate.decide(plan(0, 10, 0)).probeBlocks()).isZero();
    pass(2_000 * MILLI);
    assertThat(gate.decide(plan(0, 10, 0)).probeBlocks()).as("tells latency").isEqualTo(4);
    assertThat(gate.decide(plan(0, 10, 0)).probeBlocks()).isZero();
    measure(HOST, 4 * BLOCK, 400 * MILLI);
    pass(26_000 * MILLI);
    assertThat(gate.decide(plan(0, 10, 0)).probeBlocks()).isEqualTo(1);
    costs.begin(HOST, BLOCK);
    pass(100_000 * MILLI);
    assertThat(gate.decide(plan(0, 10, 0)).probeBlocks()).isZero();
    assertThat(gate.statistics().probes()).isEqualTo(2);
  }

  @Test
  void aPlanNeedsBlocksOfSomeSize() {
    assertThatThrownBy(() -> new RoutePlan(List.of(), 0)).isInstanceOf(CallerException.class);
  }
}
