package io.kvbm.cli.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.cli.trace.Trace;
import io.kvbm.core.policy.EvictionPolicies;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TieredSimulationTest {

  private static long[] simulate(String policy, Trace trace, Long... capacities) {
    return new TieredSimulation(
            References.of(trace), EvictionPolicies.of(policy), List.of(capacities))
        .run();
  }

  @Test
  void one_tier_is_the_plain_simulation_for_every_policy() {
    SplittableRandom seeds = new SplittableRandom();
    for (String policy : EvictionPolicies.names()) {
      for (int round = 0; round < 10; round++) {
        long seed = seeds.nextLong();
        int capacity = new SplittableRandom(seed).nextInt(1, 40);
        Trace trace = RandomTraces.make(seed, 60, 12, 60);
        long plain =
            new Simulation(
                    References.of(trace), EvictionPolicies.of(policy).create(capacity), capacity)
                .run();

        assertThat(simulate(policy, trace, (long) capacity))
            .as("%s, seed %d", policy, seed)
            .containsExactly(plain);
      }
    }
  }

  /** With LRU, a chain of exclusive tiers is one recency list cut in pieces. */
  @Test
  void tiers_of_lru_hit_where_the_pieces_of_one_list_would() {
    SplittableRandom seeds = new SplittableRandom();
    for (int round = 0; round < 200; round++) {
      long seed = seeds.nextLong();
      SplittableRandom random = new SplittableRandom(seed);
      long first = random.nextInt(1, 15);
      long second = random.nextInt(1, 15);
      Trace trace = RandomTraces.make(seed, 60, random.nextInt(1, 12), random.nextInt(1, 60));

      assertThat(simulate("lru", trace, first, second))
          .as("seed %d, %d + %d", seed, first, second)
          .isEqualTo(naive(trace, (int) first, (int) second));
    }
  }

  private static long[] naive(Trace trace, int first, int second) {
    LinkedHashSet<Long> recency = new LinkedHashSet<>();
    long[] hits = new long[2];
    for (int request = 0; request < trace.requestCount(); request++) {
      long[] hashes = trace.hashes(request);
      List<Long> order = new ArrayList<>(recency).reversed();
      for (long hash : hashes) {
        int place = order.indexOf(hash);
        if (place < 0) {
          break;
        }
        hits[place < first ? 0 : 1]++;
      }
      for (int i = hashes.length - 1; i >= 0; i--) {
        recency.remove(hashes[i]);
        recency.addLast(hashes[i]);
      }
      while (recency.size() > first + second) {
        recency.removeFirst();
      }
    }
    return hits;
  }

  @Test
  void more_tiers_never_hit_less_than_the_first_alone() {
    Trace trace = RandomTraces.make(3, 80, 12, 200);
    for (String policy : List.of("lru", "adaptive", "arc")) {
      long one = Arrays.stream(simulate(policy, trace, 10L)).sum();
      long three = Arrays.stream(simulate(policy, trace, 10L, 20L, 40L)).sum();

      assertThat(three).as(policy).isGreaterThan(one);
    }
  }
}
