package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.policy.EvictionPolicy;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ShadowCachesTest {

  private static final int CAPACITY = 20;

  @Test
  void large_tiers_are_sampled() {
    assertThat(ShadowCaches.capacity(1)).isEqualTo(1);
    assertThat(ShadowCaches.capacity(10)).isEqualTo(10);
    assertThat(ShadowCaches.capacity(511)).isEqualTo(511);
    assertThat(ShadowCaches.capacity(512)).isEqualTo(256);
    assertThat(ShadowCaches.capacity(1 << 20)).isEqualTo(256);

    ShadowCaches caches = new ShadowCaches(4_096, new AgeShadow(ShadowCaches.slotCount(4_096, 1)));
    int sampled = 0;
    for (int key = 0; key < 16_000; key++) {
      sampled += caches.isSampled(Mixing.mix(key)) ? 1 : 0;
    }
    assertThat(sampled).isBetween(850, 1_150);
  }

  @Test
  void shadows_hit_as_the_policies_they_stand_for() {
    SplittableRandom seeds = new SplittableRandom();
    for (int round = 0; round < 20; round++) {
      agreesWithPolicies(seeds.nextLong());
    }
  }

  private static void agreesWithPolicies(long seed) {
    int slotCount = ShadowCaches.slotCount(CAPACITY, 2);
    ArcShadow arcShadow = new ArcShadow(CAPACITY, slotCount);
    ShadowCaches caches = new ShadowCaches(CAPACITY, new AgeShadow(slotCount), arcShadow);
    LinkedHashMap<Long, Boolean> lru = new LinkedHashMap<>(16, 0.75f, true);
    PolicyCache arc = new PolicyCache(new ArcPolicy(CAPACITY + 1));
    SplittableRandom random = new SplittableRandom(seed);
    long scan = 1_000;
    for (int i = 0; i < 8_000; i++) {
      // What is popular moves, and some come once only.
      long key =
          random.nextInt(5) == 0
              ? scan++
              : i / 2_000 * 10 + (long) (60 * random.nextDouble() * random.nextDouble());
      int expected = lru.containsKey(key) ? 1 : 0;
      lru.put(key, true);
      if (lru.size() > CAPACITY) {
        lru.pollFirstEntry();
      }
      expected |= arc.use(key) ? 2 : 0;
      assertThat(caches.use(key, 0, i)).as("step %d, seed %d", i, seed).isEqualTo(expected);
    }
    assertThat(arcShadow.targetShare()).isBetween(0.0, 1.0);
  }

  /** A cache of keys with a policy, as large as a shadow. */
  private static final class PolicyCache {
    private final EvictionPolicy policy;
    private final Map<Long, Integer> slots = new HashMap<>();
    private final long[] keys = new long[CAPACITY + 1];
    private final ArrayDeque<Integer> free = new ArrayDeque<>();

    private PolicyCache(EvictionPolicy policy) {
      this.policy = policy;
      for (int slot = 0; slot <= CAPACITY; slot++) {
        free.add(slot);
      }
    }

    private boolean use(long key) {
      Integer known = slots.get(key);
      if (known != null) {
        policy.touch(known);
        return true;
      }
      int slot = free.remove();
      slots.put(key, slot);
      keys[slot] = key;
      policy.insert(slot, key, EvictionPolicy.NONE, 0);
      policy.touch(slot);
      policy.offer(slot);
      if (slots.size() > CAPACITY) {
        int victim = policy.evict();
        slots.remove(keys[victim]);
        free.add(victim);
      }
      return false;
    }
  }

  @Test
  void a_rated_shadow_gives_up_what_promises_least() {
    ReuseIndex reuse = new ReuseIndex(2, 4);
    ShadowCaches caches =
        new ShadowCaches(4, new RatedShadow(ShadowCaches.slotCount(4, 1), 2, reuse));
    long time = 0;
    for (; time < 20_000; time++) { // keys 0 to 2 come back, all others never
      boolean returning = time % 3 == 0;
      reuse.use(returning ? time / 3 % 3 : 100 + time, returning ? 1 : 0, time);
      reuse.refreshIfDue(time);
    }
    caches.use(1, 1, time++);
    caches.use(2, 1, time++);
    for (int once = 0; once < 10; once++) {
      caches.use(900 + once, 0, time++);
    }

    assertThat(caches.use(1, 1, time)).isEqualTo(1);
    assertThat(caches.use(2, 1, time)).isEqualTo(1);
  }
}
