package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

class WindowClimberTest {

  private static final int BLOCKS = 1_000;

  private final WindowClimber climber = new WindowClimber();

  /** Runs samples whose hit ratio follows from the share. */
  private void run(int samples, DoubleUnaryOperator ratio) {
    for (int sample = 0; sample < samples; sample++) {
      double hits = ratio.applyAsDouble(climber.share()) * BLOCKS;
      for (int use = 0; use < BLOCKS; use++) {
        climber.record(use < hits, 2 * BLOCKS);
      }
    }
  }

  @Test
  void aLargeWindowIsFoundWhereItHelps() {
    run(40, share -> share);

    assertThat(climber.share()).isGreaterThan(0.6).isLessThanOrEqualTo(0.8);
  }

  @Test
  void aSmallWindowIsFoundWhereThatHelps() {
    run(40, share -> 0.9 - share);

    assertThat(climber.share()).isLessThan(0.15).isGreaterThanOrEqualTo(0.01);
  }

  @Test
  void itStaysNearTheBest() {
    run(200, share -> 0.9 - Math.abs(share - 0.5));

    assertThat(climber.share()).isBetween(0.4, 0.6);
  }

  @Test
  void aLargeChangeMakesTheStepsLargeAgain() {
    run(300, share -> 0.9 - Math.abs(share - 0.4) / 3);
    double settled = climber.share();
    run(1, share -> 0.9 - Math.abs(share - 0.4) / 3);
    assertThat(Math.abs(climber.share() - settled)).as("steps became small").isLessThan(0.002);
    settled = climber.share();
    run(1, share -> 0.5);

    assertThat(Math.abs(climber.share() - settled)).isGreaterThan(0.05);
  }

  @Test
  void itStaysInItsRange() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 200; i++) {
      run(1, share -> random.nextDouble());
      assertThat(climber.share()).as("seed %d", seed).isBetween(0.01, 0.8);
    }
  }
}
