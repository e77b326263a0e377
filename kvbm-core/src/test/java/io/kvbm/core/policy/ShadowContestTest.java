package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ShadowContestTest {

  private final SplittableRandom random = new SplittableRandom(1);
  private final double[] chances = {0.5, 0.5, 0.5};
  private final ShadowContest contest = new ShadowContest(100, 3);
  private long now;

  private void use(int uses) {
    for (int i = 0; i < uses; i++) {
      int had = 0;
      for (int way = 0; way < 3; way++) {
        had |= random.nextDouble() < chances[way] ? 1 << way : 0;
      }
      contest.count(had);
      contest.endRoundIfDue(++now);
    }
  }

  @Test
  void equals_leave_the_lead_where_it_is() {
    for (int round = 0; round < 100; round++) {
      use(512);
      assertThat(contest.leader()).isZero();
    }
  }

  @Test
  void a_better_one_takes_the_lead_after_some_rounds_and_loses_it_again() {
    use(10 * 512);
    chances[2] = 0.7;
    chances[1] = 0.6;
    use(512);
    assertThat(contest.leader()).isZero(); // one good round may be chance
    use(15 * 512);
    assertThat(contest.leader()).isEqualTo(2);

    chances[2] = 0.3;
    use(60 * 512);
    assertThat(contest.leader()).isEqualTo(1);
  }
}
