package io.kvbm.core.tiering;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DescentTest {

  private static final long REST = 1_000;
  private static final double WORTH = 50;

  private final Descent descent = new Descent(8, REST, WORTH);
  private long now;

  private void takes(int blocks, long nanos) {
    now += nanos;
    descent.ended(blocks, nanos, true, now);
  }

  private void isLate(int blocks, long nanos) {
    now += nanos;
    descent.ended(blocks, nanos, false, now);
  }

  @Test
  void oneLateDemotionStopsNothingAndTwoInARowDo() {
    Descent patient = new Descent(8, REST, Double.POSITIVE_INFINITY);
    patient.ended(4, 500, false, 500);
    assertThat(patient.admits(4, 500)).isEqualTo(4);
    patient.ended(4, 100, true, 600);
    patient.ended(4, 500, false, 1_100);
    assertThat(patient.admits(4, 1_100)).isEqualTo(4);
    patient.ended(4, 500, false, 1_600);
    assertThat(patient.admits(4, 1_600)).isZero();
    assertThat(patient.admits(4, 1_599 + REST)).isZero();
    assertThat(patient.admits(4, 1_600 + REST)).as("one block shows whether it moves").isEqualTo(1);
  }

  @Test
  void blocksThatTakeLongerThanTheyAreWorthAreLeftAloneForLongerAndLonger() {
    takes(2, 200);
    long rest = REST;
    for (int i = 0; i < 10; i++) {
      assertThat(descent.admits(4, now + rest - 1)).as("rest %d", i).isZero();
      assertThat(descent.admits(4, now + rest)).as("rest %d", i).isEqualTo(1);
      now += rest;
      takes(1, 51);
      rest = Math.min(64 * REST, 2 * rest);
    }
    now += rest;
    takes(1, 10);
    assertThat(descent.admits(4, now)).as("quick again").isEqualTo(4);
    takes(1, 1_000);
    assertThat(descent.admits(4, now + REST)).as("rests begin anew").isEqualTo(1);
  }

  @Test
  void oneSlowDemotionAmongQuickOnesStopsNothing() {
    takes(10, 100);
    takes(10, 1_500);
    assertThat(descent.admits(4, now)).isEqualTo(4);
  }

  @Test
  void whatGoesDownInATimeIsKnownFromTheFirst() {
    assertThat(descent.blocksIn(1_000)).isZero();
    takes(10, 100);
    assertThat(descent.blocksIn(1_000)).isEqualTo(100);
    takes(10, 0);
    assertThat(descent.blocksIn(1_000)).isBetween(101L, 200L);
    assertThat(new Descent(8, REST, WORTH).admits(3, now)).as("unknown").isEqualTo(3);
  }

  @Test
  void aDemotionThatFailsAtOnceSaysNothingAboutHowLongBlocksTake() {
    takes(0, 1);
    assertThat(descent.blocksIn(1_000)).as("still unknown").isZero();
    takes(10, 400);
    takes(0, 1);
    assertThat(descent.blocksIn(1_000)).isEqualTo(25);
    takes(4, 1_000);
    takes(0, 1);
    assertThat(descent.admits(4, now)).as("it rests all the same").isZero();
    now += REST;
    takes(0, 1);
    assertThat(descent.admits(4, now)).as("a probe that failed is no quick one").isEqualTo(1);
  }

  @Test
  void whatHasNotArrivedInTimeCountsAsLate() {
    Descent patient = new Descent(8, REST, Double.POSITIVE_INFINITY);
    patient.ended(0, 500, false, 500);
    patient.ended(0, 500, false, 1_000);
    assertThat(patient.admits(4, 1_000)).isZero();
    assertThat(patient.blocksIn(1_000)).isEqualTo(2);
  }

  @Test
  void tooManyBlocksLeftBehindStopTheWayUntilTheyEnd() {
    descent.hold(9);
    assertThat(descent.admits(1, now)).isZero();
    descent.drained(1);
    assertThat(descent.admits(1, now)).isEqualTo(1);
  }

  @Test
  void lateDemotionsThatAreQuickAgainAreForgotten() {
    isLate(4, 100);
    isLate(4, 100);
    now += REST;
    takes(1, 5);
    isLate(4, 100);
    assertThat(descent.admits(4, now)).isEqualTo(4);
  }
}
