package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ShadowContestTest {

  /** A shadow whose hits the test decides. */
  private static final class Scripted extends ShadowCache {
    private double chance;
    private final SplittableRandom random;

    private Scripted(double chance, long seed) {
      super(1);
      this.chance = chance;
      this.random = new SplittableRandom(seed);
    }

    @Override
    boolean use(long key, int group, long now) {
      return random.nextDouble() < chance;
    }

    @Override
    void entered(int slot, long key, int group, long now) {}

    @Override
    void touched(int slot, int group, long now) {}

    @Override
    int evict(long now) {
      return 0;
    }
  }

  private final Scripted first = new Scripted(0.5, 1);
  private final Scripted second = new Scripted(0.5, 2);
  private final Scripted third = new Scripted(0.5, 3);
  private final ShadowContest contest = new ShadowContest(100, first, second, third);
  private long now;

  private void use(int uses) {
    for (int i = 0; i < uses; i++) {
      contest.use(i, 0, ++now);
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
    third.chance = 0.7;
    second.chance = 0.6;
    use(512);
    assertThat(contest.leader()).isZero(); // one good round may be chance
    use(15 * 512);
    assertThat(contest.leader()).isEqualTo(2);

    third.chance = 0.3;
    use(60 * 512);
    assertThat(contest.leader()).isEqualTo(1);
  }

  @Test
  void large_tiers_are_sampled() {
    assertThat(ShadowContest.shadowCapacity(10)).isEqualTo(10);
    assertThat(ShadowContest.shadowCapacity(511)).isEqualTo(511);
    assertThat(ShadowContest.shadowCapacity(512)).isEqualTo(256);
    assertThat(ShadowContest.shadowCapacity(1 << 20)).isEqualTo(256);
  }

  @Test
  void a_shadow_of_lru_hits_as_a_linked_hash_map() {
    PolicyShadow shadow = new PolicyShadow(20, new LruPolicyProvider().create(21));
    LinkedHashMap<Long, Boolean> model = new LinkedHashMap<>(16, 0.75f, true);
    SplittableRandom random = new SplittableRandom(4);
    for (int i = 0; i < 10_000; i++) {
      long key = (long) Math.abs(40 * random.nextDouble() * random.nextDouble());
      boolean expected = model.containsKey(key);
      model.put(key, true);
      if (model.size() > 20) {
        model.pollFirstEntry();
      }
      assertThat(shadow.use(key, 0, i)).isEqualTo(expected);
    }
  }

  @Test
  void a_rated_shadow_gives_up_what_promises_least() {
    ReuseIndex reuse = new ReuseIndex(2, 4);
    RatedShadow shadow = new RatedShadow(4, 2, reuse);
    long time = 0;
    for (; time < 20_000; time++) { // keys 0 to 2 come back, all others never
      boolean returning = time % 3 == 0;
      reuse.use(returning ? time / 3 % 3 : 100 + time, returning ? 1 : 0, time);
      reuse.refreshIfDue(time);
    }
    shadow.use(1, 1, time++);
    shadow.use(2, 1, time++);
    for (int once = 0; once < 10; once++) {
      shadow.use(900 + once, 0, time++);
    }

    assertThat(shadow.use(1, 1, time)).isTrue();
    assertThat(shadow.use(2, 1, time)).isTrue();
  }
}
