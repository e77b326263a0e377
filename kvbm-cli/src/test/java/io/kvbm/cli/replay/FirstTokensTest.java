package io.kvbm.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.kvbm.core.cost.RecomputeCost;
import org.junit.jupiter.api.Test;

class FirstTokensTest {

  /** A block takes a tenth of a second. */
  private final FirstTokens times = new FirstTokens(new RecomputeCost(1000, 0, 100));

  @Test
  void whatIsThereIsNotComputedAndWaitingCounts() {
    times.served(10, 6, 50_000_000, true);
    assertThat(times.seconds()).isCloseTo(0.45, within(1e-9));
    assertThat(times.secondsWithout()).isCloseTo(1.0, within(1e-9));
  }

  @Test
  void onlyRequestsAfterTheFirstLoadsCanBeWorse() {
    for (int i = 0; i < FirstTokens.LEARNING_LOADS; i++) {
      times.served(10, 0, 500_000_000, true);
    }
    assertThat(times.worse()).isZero();
    times.served(10, 0, 5_000_000, false); // half a percent: a lookup
    assertThat(times.worse()).isZero();
    times.served(10, 0, 500_000_000, true);
    assertThat(times.worse()).isEqualTo(1);
    assertThat(times.worst()).isCloseTo(1.5, within(1e-9));
  }

  @Test
  void aRequestForNothingIsNoWorse() {
    for (int i = 0; i <= FirstTokens.LEARNING_LOADS; i++) {
      times.served(0, 0, 1, true);
    }
    assertThat(times.worse()).isZero();
  }
}
