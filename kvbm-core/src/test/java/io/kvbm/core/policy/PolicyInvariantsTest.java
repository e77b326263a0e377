package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.CompleteBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.PoolStatistics;
import io.kvbm.core.pool.PoolStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every built-in policy, whatever it prefers. */
class PolicyInvariantsTest {

  private static final int ROUNDS = 30;

  static List<EvictionPolicyProvider> policies() {
    return EvictionPolicies.builtIn();
  }

  @ParameterizedTest
  @MethodSource("policies")
  void case44_aFullPoolIsEvictedOnce(EvictionPolicyProvider provider) {
    BlockPool pool =
        BlockPool.builder()
            .name("test")
            .logical(new LayoutConfig(16, 1, 1, 4, 8, DType.FP16, 1))
            .evictionPolicy(provider)
            .build();
    BlockPool.closeAll(pool.allocateBlocks(16));
    fill(pool, 0);
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 16, 0));
    fill(pool, 100);

    PoolStatistics counted = pool.statistics();
    assertThat(counted.allocations()).isEqualTo(48);
    assertThat(counted.registrations()).isEqualTo(32);
    assertThat(counted.evictions()).isEqualTo(16);
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 16, 0));
    for (long n = 0; n < 16; n++) {
      assertThat(pool.contains(BlockKey.derived(n))).as("block %d", n).isFalse();
      assertThat(pool.contains(BlockKey.derived(100 + n))).as("block %d", 100 + n).isTrue();
    }
  }

  private static void fill(BlockPool pool, long first) {
    long n = first;
    BlockKey parent = null;
    List<CompleteBlock> complete = new ArrayList<>();
    for (MutableBlock block : pool.allocateBlocks(16)) {
      BlockKey key = BlockKey.derived(n++);
      complete.add(block.complete(key, n % 4 == 1 ? null : parent));
      parent = key;
    }
    BlockPool.closeAll(pool.registerBlocks(complete));
  }

  @ParameterizedTest
  @MethodSource("policies")
  void case45_blocksOfAnyNumberOfUsesCanBeEvicted(EvictionPolicyProvider provider) {
    EvictionPolicy policy = provider.create(32);
    int[] touches = {0, 3, 8, 15};
    for (int slot = 0; slot < 32; slot++) {
      policy.insert(slot, slot, EvictionPolicy.NONE, 0);
      for (int i = 0; i < touches[slot / 8]; i++) {
        policy.touch(slot);
      }
      policy.offer(slot);
    }

    TreeSet<Integer> evicted = new TreeSet<>();
    for (int i = 0; i < 32; i++) {
      evicted.add(policy.evict());
    }
    assertThat(evicted).hasSize(32).doesNotContain(EvictionPolicy.NONE);
    assertThat(policy.evict()).isEqualTo(EvictionPolicy.NONE);
  }

  @ParameterizedTest
  @MethodSource("policies")
  void onlyCandidatesAreVictimsAndEverythingDrains(EvictionPolicyProvider provider) {
    long start = System.nanoTime();
    for (int round = 0; round < ROUNDS; round++) {
      new Round(provider, start + round).run();
    }
  }

  /** Random calls to a policy, and what is known about its blocks: whether they are candidates. */
  private static final class Round {

    private final String label;
    private final Random random;
    private final boolean leavesOnly;
    private final EvictionPolicy policy;
    private final Map<Integer, Boolean> residents = new TreeMap<>();
    private final Map<Integer, Integer> parents = new TreeMap<>();
    private int capacity;

    Round(EvictionPolicyProvider provider, long seed) {
      label = provider.name() + ", seed " + seed;
      random = new Random(seed);
      leavesOnly = List.of(LineagePolicy.NAME, AdaptivePolicy.NAME).contains(provider.name());
      capacity = 1 + random.nextInt(40);
      policy = provider.create(capacity);
    }

    void run() {
      for (int step = 0; step < 3_000; step++) {
        if (random.nextInt(400) == 0) {
          capacity += random.nextInt(20);
          policy.grow(capacity);
        }
        step(random.nextInt(capacity));
        assertThat(policy.candidateCount()).as(label).isEqualTo(candidateCount());
      }
      for (int slot : residents.keySet()) {
        policy.offer(slot);
      }
      residents.replaceAll((slot, candidate) -> true);
      while (!residents.isEmpty()) {
        int victim = policy.evict();
        assertThat(victims()).as(label).contains(victim);
        leave(victim);
      }
      assertThat(policy.victim()).as(label).isEqualTo(EvictionPolicy.NONE);
      assertThat(policy.candidateCount()).as(label).isZero();
    }

    private void step(int slot) {
      if (!residents.containsKey(slot)) {
        insert(slot);
        return;
      }
      switch (random.nextInt(16)) {
        case 0 -> {
          policy.withdraw(slot);
          residents.put(slot, false);
        }
        case 1 -> {
          policy.remove(slot);
          leave(slot);
        }
        case 2 -> {
          policy.evicted(slot); // another than the policy chose it
          leave(slot);
        }
        case 3 -> {
          policy.prioritize(slot, random.nextInt(3));
          evict();
        }
        case 4 -> link(slot, random.nextInt(capacity));
        case 5, 6, 7, 8, 9 -> policy.touch(slot);
        case 10, 11, 12 -> evict();
        default -> {
          policy.offer(slot);
          residents.put(slot, true);
        }
      }
    }

    private void insert(int slot) {
      int parent = random.nextInt(capacity);
      boolean hasParent = random.nextBoolean() && residents.containsKey(parent);
      policy.insert(
          slot, random.nextInt(100), hasParent ? parent : EvictionPolicy.NONE, random.nextInt(3));
      residents.put(slot, false);
      if (hasParent) {
        parents.put(slot, parent);
      }
    }

    private void link(int slot, int parent) {
      if (parents.containsKey(slot) || !residents.containsKey(parent)) {
        return;
      }
      policy.link(slot, parent);
      for (Integer above = parent; above != null; above = parents.get(above)) {
        if (above == slot) {
          return; // a circle, which is not taken
        }
      }
      parents.put(slot, parent);
    }

    private void evict() {
      int victim = policy.victim();
      if (victim == EvictionPolicy.NONE) {
        assertThat(victims()).as(label).isEmpty();
        return;
      }
      assertThat(victims()).as(label).contains(victim, policy.victim());
      if (random.nextInt(4) == 0) {
        policy.withdraw(victim);
        residents.put(victim, false);
        return;
      }
      victim = policy.evict();
      assertThat(victims()).as(label).contains(victim);
      leave(victim);
    }

    private void leave(int slot) {
      residents.remove(slot);
      parents.remove(slot);
      parents.values().removeIf(parent -> parent == slot);
    }

    private List<Integer> victims() {
      return residents.keySet().stream()
          .filter(residents::get)
          .filter(slot -> !leavesOnly || !parents.containsValue(slot))
          .toList();
    }

    private long candidateCount() {
      return residents.values().stream().filter(candidate -> candidate).count();
    }
  }
}
