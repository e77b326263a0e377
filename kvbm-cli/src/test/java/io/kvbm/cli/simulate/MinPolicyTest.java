package io.kvbm.cli.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.cli.trace.Trace;
import io.kvbm.core.policy.EvictionPolicies;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class MinPolicyTest {

  private static long simulate(Trace trace, int capacity) {
    References references = References.of(trace);
    MinPolicy policy = new MinPolicy(references, MinPolicy.nextUses(references), capacity);
    return new Simulation(references, policy, capacity).run();
  }

  /**
   * The rule, by looking through everything each time. Blocks of equal rank go in any order: it
   * cannot matter when.
   */
  private static long naive(Trace trace, int capacity) {
    Map<Long, Integer> depths = new HashMap<>();
    long hits = 0;
    for (int request = 0; request < trace.requestCount(); request++) {
      long[] hashes = trace.hashes(request);
      int prefix = 0;
      while (prefix < hashes.length && depths.containsKey(hashes[prefix])) {
        prefix++;
      }
      hits += prefix;
      for (int i = hashes.length - 1; i >= 0; i--) {
        depths.put(hashes[i], i);
      }
      while (depths.size() > capacity) {
        int now = request;
        depths.remove(
            depths.keySet().stream()
                .max(
                    Comparator.comparingInt((Long hash) -> nextUse(trace, hash, now))
                        .thenComparingInt(depths::get))
                .orElseThrow());
      }
    }
    return hits;
  }

  private static int nextUse(Trace trace, long hash, int now) {
    for (int request = now + 1; request < trace.requestCount(); request++) {
      for (long other : trace.hashes(request)) {
        if (other == hash) {
          return request;
        }
      }
    }
    return Integer.MAX_VALUE;
  }

  /** Paths of a tree, as real requests are: a block always stands at the same place. */
  private static Trace tree(long seed, int requests, int depth) {
    SplittableRandom random = new SplittableRandom(seed);
    Trace.Builder trace = new Trace.Builder();
    for (int i = 0; i < requests; i++) {
      long hash = 1;
      int length = random.nextInt(depth + 1);
      for (int position = 0; position < length; position++) {
        hash = hash * 31 + random.nextInt(2);
        trace.addBlock(hash);
      }
      trace.endRequest(i);
    }
    return trace.build("seed " + seed);
  }

  @Test
  void follows_the_rule_that_a_plain_search_follows() {
    SplittableRandom seeds = new SplittableRandom();
    for (int round = 0; round < 200; round++) {
      long seed = seeds.nextLong();
      int capacity = new SplittableRandom(seed).nextInt(1, 20);
      Trace trace = tree(seed, 40, 7);

      assertThat(simulate(trace, capacity))
          .as("seed %d, capacity %d", seed, capacity)
          .isEqualTo(naive(trace, capacity));
    }
  }

  @Test
  void no_choice_of_victims_hits_more_where_requests_have_one_block() {
    SplittableRandom seeds = new SplittableRandom();
    for (int round = 0; round < 100; round++) {
      long seed = seeds.nextLong();
      int capacity = new SplittableRandom(seed).nextInt(1, 4);
      Trace trace = RandomTraces.make(seed, 10, 1, 5);
      List<Long> blocks = new ArrayList<>();
      for (int i = 0; i < trace.requestCount(); i++) {
        for (long hash : trace.hashes(i)) {
          blocks.add(hash);
        }
      }

      assertThat(simulate(trace, capacity))
          .as("seed %d, capacity %d", seed, capacity)
          .isEqualTo(best(blocks, 0, new TreeSet<>(), capacity));
    }
  }

  /**
   * The most hits of any sequence of victims, by trying all. The block just used may be the victim,
   * too.
   */
  private static long best(List<Long> blocks, int index, Set<Long> tier, int capacity) {
    if (index == blocks.size()) {
      return 0;
    }
    Set<Long> with = new TreeSet<>(tier);
    long hit = with.add(blocks.get(index)) ? 0 : 1;
    if (with.size() <= capacity) {
      return hit + best(blocks, index + 1, with, capacity);
    }
    long most = 0;
    for (Long victim : with) {
      Set<Long> rest = new TreeSet<>(with);
      rest.remove(victim);
      most = Math.max(most, best(blocks, index + 1, rest, capacity));
    }
    return hit + most;
  }

  @Test
  void is_never_worse_than_lru_on_requests_that_are_paths_of_a_tree() {
    SplittableRandom seeds = new SplittableRandom();
    for (int round = 0; round < 100; round++) {
      long seed = seeds.nextLong();
      int capacity = new SplittableRandom(seed).nextInt(1, 40);
      Trace trace = tree(seed, 60, 7);
      EvictionPolicy lru = EvictionPolicies.of("lru").create(capacity);

      assertThat(simulate(trace, capacity))
          .as("seed %d, capacity %d", seed, capacity)
          .isGreaterThanOrEqualTo(new Simulation(References.of(trace), lru, capacity).run());
    }
  }

  @Test
  void the_deeper_of_two_equals_goes_first() {
    References references =
        References.of(
            new Trace.Builder().addBlock(1).addBlock(2).addBlock(3).endRequest(0).build("made up"));
    MinPolicy policy = new MinPolicy(references, MinPolicy.nextUses(references), 3);
    for (int slot = 0; slot < 3; slot++) {
      policy.insert(slot, slot, EvictionPolicy.NONE, 0);
      policy.touch(slot);
      policy.offer(slot);
    }

    assertThat(List.of(policy.evict(), policy.evict(), policy.evict())).containsExactly(0, 1, 2);
    assertThat(policy.evict()).isEqualTo(EvictionPolicy.NONE);
  }

  @Test
  void only_candidates_are_victims() {
    References references =
        References.of(
            new Trace.Builder().addBlock(1).addBlock(2).addBlock(3).endRequest(0).build("made up"));
    MinPolicy policy = new MinPolicy(references, MinPolicy.nextUses(references), 2);
    policy.insert(0, 0, EvictionPolicy.NONE, 0);
    policy.insert(1, 1, EvictionPolicy.NONE, 0);
    policy.touch(1);
    policy.touch(0);
    policy.offer(0);
    policy.offer(0);
    policy.offer(1);
    policy.withdraw(0);
    policy.withdraw(0);
    policy.grow(3);
    policy.insert(2, 2, EvictionPolicy.NONE, 0);
    policy.touch(2);
    policy.offer(2);

    assertThat(policy.candidateCount()).isEqualTo(2);
    policy.remove(2);
    assertThat(policy.evict()).isEqualTo(1);
    assertThat(policy.evict()).isEqualTo(EvictionPolicy.NONE);
  }
}
